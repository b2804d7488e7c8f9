"""Builds the views when the platform starts and when the project changes, never on a timer.

Building a view locks out its readers for a moment, so it is done once for each state of the project
and database. A build that failed is tried again, less and less often.
"""

from datetime import datetime, timedelta

import dagster as dg

from core.clock import utc_now
from core.settings import load_settings
from orchestration import manifest

__all__ = ["PROJECT_TAG", "next_build", "project_sensor"]

PROJECT_TAG = "orderpulse/dbt_project"
"""Tag of a build: the state of project and database that it was requested for."""

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
        description="Builds the dbt views when the platform starts and when the dbt project has changed.",
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
    """What to do about `state`, given the builds requested for it so far: status and last change of each.

    The cursor is set to a state that needs no build any more: it succeeded, or a person cancelled it.
    """
    statuses = [status for status, _ in builds]
    if any(status in UNFINISHED for status in statuses):
        return dg.SensorResult(skip_reason="A build is under way.")
    if dg.DagsterRunStatus.SUCCESS in statuses or dg.DagsterRunStatus.CANCELED in statuses:
        return dg.SensorResult(skip_reason="The build has ended.", cursor=state)
    if builds:
        pause = min(FIRST_PAUSE * 2 ** (len(builds) - 1), LONGEST_PAUSE)
        due = max(changed for _, changed in builds) + pause
        if now < due:
            return dg.SensorResult(
                skip_reason=f"{len(builds)} builds failed; the next try is at {due:%H:%M} UTC."
            )
    run_key = f"{state}-{len(builds) + 1}"
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key, tags={PROJECT_TAG: state})])


def _state() -> str:
    """The project's fingerprint and the server that the views are on; fits a tag."""
    return f"{manifest.fingerprint()[:16]}.{load_settings().postgres.port}"
