"""One tick of the quality sensor: which checks are due, what changed, which backfills are wanted."""

from dataclasses import dataclass

from control.incidents import check_incident, close_incident, open_incident
from orchestration.defs.quality.catalogue import CHECKS, RECONCILIATION, Check, Facts
from orchestration.defs.quality.memory import Memory
from orchestration.defs.quality.verdict import Verdict

REQUEST_AGAIN_S = 120.0
"""A backfill takes half a minute; a difference that is older is requested once more."""

SOONER_S = 5.0
"""A report that is due so soon is made now, not a whole tick too late."""

Evaluated = dict[Check, Verdict]


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick found: the verdicts to report, the partitions to recompute, what to remember."""

    report: Evaluated
    backfills: tuple[str, ...]
    memory: Memory


def tick(facts: Facts, memory: Memory) -> Tick:
    """Evaluate what is due, and keep the incidents in `ops.alert`.

    Cheap checks are evaluated at each tick, expensive ones when a report is due and at once after they failed. A
    verdict is reported when a report is due, or when it differs from the last. An incident is opened by the
    second failure in a row, so that a momentary one alerts nobody.
    """
    now = facts.observation.at.timestamp()
    due = now - memory.reported_at >= facts.settings.dagster.report_interval_s - SOONER_S
    evaluated = {
        check: verdict
        for check in CHECKS
        if due or not check.expensive or check.key in memory.incidents
        if (verdict := check.evaluate(facts)).known
    }
    _keep_incidents(facts, memory, evaluated)
    backfills = _backfills(facts, memory, evaluated, now)
    return Tick(
        {
            check: verdict
            for check, verdict in evaluated.items()
            if due or memory.signs.get(check.key) != verdict.sign
        },
        backfills,
        Memory(
            reported_at=now if due else memory.reported_at,
            signs=memory.signs | {check.key: verdict.sign for check, verdict in evaluated.items()},
            incidents=_incidents(memory, evaluated),
            requested=_recent(memory.requested, now) | dict.fromkeys(backfills, now),
        ),
    )


def _incidents(memory: Memory, evaluated: Evaluated) -> frozenset[str]:
    judged = {check.key for check in evaluated}
    failing = {check.key for check, verdict in evaluated.items() if verdict.is_incident}
    return frozenset((memory.incidents - judged) | failing)


def _keep_incidents(facts: Facts, memory: Memory, evaluated: Evaluated) -> None:
    for check, verdict in evaluated.items():
        if not verdict.is_incident:
            close_incident(facts.connection, check_incident(check.key))
        elif check.key in memory.incidents:
            title = f"{check.name} of {check.asset} failed"
            open_incident(facts.connection, check_incident(check.key), title, verdict.description)


def _backfills(facts: Facts, memory: Memory, evaluated: Evaluated, now: float) -> tuple[str, ...]:
    if RECONCILIATION not in evaluated:
        return ()
    return tuple(
        partition
        for partition in facts.comparison.partitions
        if now - memory.requested.get(partition, 0.0) >= REQUEST_AGAIN_S
    )


def _recent(requested: dict[str, float], now: float) -> dict[str, float]:
    return {partition: at for partition, at in requested.items() if now - at < REQUEST_AGAIN_S}
