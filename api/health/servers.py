"""Kafka, PostgreSQL, dbt's views, Dagster and the API itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.dagster import DagsterStatus
from api.queries.health import VIEWS, Facts
from control.judge import State, Verdict
from control.limits import KAFKA_SEEN_S, REPLICA_LAG_S, SLOW_ANSWER_MS, START_S
from control.sentences import Value
from control.state import PlatformState, ServiceState


def about_kafka(state: PlatformState) -> Verdict:
    """The brokers, by what those who talk to them report: networks keep the API away from them."""
    generator = _fresh_progress(state.services.get("generator"))
    if generator.get("rate_reached"):
        return Verdict("ok", "kafka_takes", {"rate": generator["rate_reached"]})
    if generator.get("waiting"):
        return Verdict(
            "error",
            "kafka_waits",
            {"records": generator["waiting"]},
            "See logs/kafka.log. Nothing is lost: producers wait, and the broker is started again by itself.",
        )
    ages_s = [query.commit_age_s for query in state.queries.values() if query.commit_age_s is not None]
    if ages_s and min(ages_s) <= KAFKA_SEEN_S:
        return Verdict("ok", "kafka_read")
    return Verdict("unknown", "kafka_unknown")


def seen_kafka_at(state: PlatformState) -> datetime | None:
    """When somebody last exchanged records with the brokers."""
    generator = state.services.get("generator")
    moments = [query.committed_at for query in state.queries.values()]
    moments.append(generator.beat_at if generator else None)
    return max((each for each in moments if each is not None), default=None)


def about_postgres(facts: Facts | None, *, reads_replica: bool = False) -> Verdict:
    """The database, by its answer; `facts` is None if there was none.

    `reads_replica`: whether it should have been a replica's.
    """
    if facts is None:
        return Verdict(
            "error",
            "database_silent",
            advice="See logs/postgres.log. It is restarted automatically; the stream waits for it and loses nothing.",
        )
    took: dict[str, Value] = {"answer_ms": facts.answer_ms}
    lag_s, busy = facts.replica_lag_s, facts.answer_ms > SLOW_ANSWER_MS
    statements = "Check which statements are running (pg_stat_activity)." if busy else None
    state: State = "warning" if busy else "ok"
    if lag_s is None and reads_replica:
        advice = "See logs/postgres_replica.log. It is started again by itself; reads then go back to it."
        return Verdict("warning", "replica_silent", took, advice)
    if lag_s is None:
        return Verdict(state, "database_busy" if busy else "database_answers", took, statements)
    behind = {**took, "lag_s": lag_s}
    if lag_s > REPLICA_LAG_S:
        advice = "Look at the replica's load and its network; the primary is not affected."
        return Verdict("warning", "replica_behind", behind, advice)
    return Verdict(state, "replica_busy" if busy else "replica_answers", behind, statements)


def about_dbt(facts: Facts) -> Verdict:
    """The views that dbt builds, by their being there."""
    missing = [view for view in VIEWS if view not in facts.views]
    if not missing:
        return Verdict("ok", "views_there", {"views": len(VIEWS)})
    return Verdict(
        "warning",
        "views_missing",
        {"missing": len(missing), "views": len(VIEWS), "names": ", ".join(missing)},
        "Dagster builds them after the start; if they stay away, run the job dbt_build.",
    )


def about_dagster(status: DagsterStatus | None, up_s: float) -> Verdict:
    """Dagster, by its answer and its checks; `up_s`: for how long the API has been up."""
    if status is None:
        return Verdict("unknown", "dagster_not_asked")
    if not status.answers and up_s <= START_S:
        return Verdict("starting", "dagster_starts")
    if not status.answers:
        return Verdict(
            "error",
            "dagster_silent",
            advice="See logs/dagster_webserver.log. It is restarted automatically.",
        )
    if status.checks is None:
        return Verdict("ok", "dagster_untold")
    failed = [each for each in status.checks if not each.passed]
    if not failed:
        return Verdict("ok", "checks_passed", {"checks": len(status.checks)})
    names = ", ".join(f"{each.name} of {each.asset}" for each in failed)
    values: dict[str, Value] = {"failed": len(failed), "checks": len(status.checks), "names": names}
    grave = any(each.severity == "ERROR" for each in failed)
    return Verdict(
        "warning" if grave else "ok",
        "checks_failed",
        values,
        "Each check says what to do." if grave else None,
    )


def about_api(version: str, up_s: float, waiting: int) -> Verdict:
    """The API itself; `waiting` requests have no connection to the database yet."""
    up: dict[str, Value] = {"version": version, "up_s": up_s}
    if waiting:
        return Verdict("warning", "api_waits", {**up, "requests": waiting})
    return Verdict("ok", "api_up", up)


def _fresh_progress(service: ServiceState | None) -> Mapping[str, Any]:
    """What a running service reported lately; nothing if it did not."""
    if service is None or not service.wanted or service.heartbeat_age_s is None:
        return {}
    return service.progress if service.heartbeat_age_s <= KAFKA_SEEN_S else {}
