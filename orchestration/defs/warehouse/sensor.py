"""Builds the views when the platform starts and when the project changes, never on a timer.

Building a view briefly blocks its readers, so it is done once for each state of the project
and database. A failed build is retried, less and less often.
"""

from datetime import datetime, timedelta

import dagster as dg

from core.clock import utc_now
from core.settings import load_settings
from orchestration import manifest

PROJECT_TAG = "orderpulse/dbt_project"
"""Tag of a build: the state of project and database for which it was requested."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def project_sensor(job_name: str, loaded: frozenset[str]) -> dg.SensorDefinition:
    """The sensor for the job that builds; `loaded` are the ids of the models and tests that this code was loaded with."""

    @dg.sensor(
        name="dbt_project_sensor",
        job_name=job_name,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds the dbt views when the platform starts and when the dbt project changes.",
    )
    def dbt_project_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        state = _state()
        if context.cursor == state:
            return dg.SensorResult(
                skip_reason="The views of this state of the project are built.", cursor=state
            )
        if manifest.ensure_manifest() and manifest.node_ids(manifest.read_manifest()) != loaded:
            return dg.SensorResult(
                skip_reason="Models or tests were added or removed: restart the code server, which loads them."
            )
        runs = context.instance.get_run_records(dg.RunsFilter(job_name=job_name, tags={PROJECT_TAG: state}))
        return next_build(state, [(run.dagster_run.status, run.update_timestamp) for run in runs], utc_now())

    return dbt_project_sensor


def next_build(
    state: str, builds: list[tuple[dg.DagsterRunStatus, datetime]], now: datetime
) -> dg.SensorResult:
    """The sensor's result for `state`, given status and last change of each build requested for it so far.

    The cursor is set to a state that needs no further build: one succeeded, or a user cancelled it.
    """
    statuses = [status for status, _ in builds]
    if any(status in UNFINISHED for status in statuses):
        return dg.SensorResult(skip_reason="A build is running.")
    if dg.DagsterRunStatus.SUCCESS in statuses or dg.DagsterRunStatus.CANCELED in statuses:
        return dg.SensorResult(skip_reason="The build has ended.", cursor=state)
    if builds:
        pause = min(FIRST_PAUSE * 2 ** (len(builds) - 1), LONGEST_PAUSE)
        due = max(changed for _, changed in builds) + pause
        if now < due:
            return dg.SensorResult(
                skip_reason=f"{len(builds)} builds failed; the next attempt is at {due:%H:%M} UTC."
            )
    run_key = f"{state}-{len(builds) + 1}"
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key, tags={PROJECT_TAG: state})])


def _state() -> str:
    """The project's fingerprint and the views' server, short enough for a tag."""
    return f"{manifest.fingerprint()[:16]}.{load_settings().postgres.port}"
