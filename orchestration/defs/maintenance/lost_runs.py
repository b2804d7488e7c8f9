"""Runs whose worker died with its code server, or with the machine: nothing else ends them.

The default launcher does not watch workers that an earlier code server started, and Dagster's run monitoring relies on the
launcher. Such a run would keep its slot forever. The streaming sensor handles attached runs.
"""

import dagster as dg
from pydantic import TypeAdapter, ValidationError

from orchestration.defs.streaming.attached import ATTACHED_JOBS
from orchestration.worker import lives

CHECKS_WITHOUT_LOCK = 4
"""A worker takes its lock within seconds. Checks are counted instead of seconds because the machine may have slept."""

Looks = dict[str, int]
"""How often each run was seen without a lock."""

_LOOKS = TypeAdapter(Looks)


def end_lost_runs(
    instance: dg.DagsterInstance, jobs: frozenset[str], looks: Looks
) -> tuple[Looks, list[str]]:
    """Fail the started runs of `jobs` whose worker is gone. Returns the updated counts, and the actions taken."""
    started = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    silent: Looks = {}
    done = []
    for run in started:
        if run.job_name not in jobs:
            continue
        alive = lives(instance, run.run_id)
        if alive is None:
            silent[run.run_id] = looks.get(run.run_id, 0) + 1
        if alive is False or silent.get(run.run_id, 0) >= CHECKS_WITHOUT_LOCK:
            done += _fail(instance, run.run_id)
    return silent, done


def _fail(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Fail the run, unless its worker has ended it meanwhile."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return []
    instance.report_run_failed(
        run,
        "The process of this run is gone: it was killed, or Dagster or the machine stopped. Completed steps are "
        "kept. Launch the job again, unless it restarts automatically.",
    )
    return [f"{run.job_name} (run {run_id[:8]}): its worker is gone; marked as failed"]


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Marks runs whose worker died with its code server or the machine as failed, which frees their slot.",
)
def lost_run_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One query, and one lock check for each active run."""
    repository = context.repository_def
    jobs = frozenset(repository.job_names if repository else ()) - set(ATTACHED_JOBS)
    looks, done = end_lost_runs(context.instance, jobs, _read(context.cursor))
    said = "; ".join(done) or "every started run has its worker"
    if done:
        context.log.warning(said)
    return dg.SensorResult(skip_reason=said, cursor=_LOOKS.dump_json(looks).decode())


def _read(cursor: str | None) -> Looks:
    """Parse the cursor, which may be from an older version of this code."""
    try:
        return _LOOKS.validate_json(cursor or "{}")
    except ValidationError:
        return {}
