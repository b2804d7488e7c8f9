"""The streaming sensor: keeps wanted and actual equal, and reports the streaming assets without a run."""

import time
from collections.abc import Mapping, Sequence

import dagster as dg
import psycopg
from dagster._core.storage.tags import SENSOR_NAME_TAG
from psycopg.rows import DictRow

from control.limits import FIRST_HEARTBEAT_S
from control.observation import observe
from core import kafka
from core.errors import StackError
from core.settings import Settings
from orchestration.defs.streaming.actions import ServiceActions
from orchestration.defs.streaming.attached import ATTACHED_JOBS
from orchestration.defs.streaming.cursor import Cursor
from orchestration.defs.streaming.decisions import AttachedRun, Limits, RequestRun, Situation, decide
from orchestration.defs.streaming.reports import is_waiting, reports
from orchestration.resources import PostgresResource
from orchestration.services import GeneratorResource, ServiceResource, ServiceStatus, SparkStreamResource

INTERVAL_S = 10
NOT_ENDED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dg.sensor(
    jobs=list(ATTACHED_JOBS.values()),
    minimum_interval_seconds=INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Keeps generator and stream in their desired state: starts and stops them, restarts hanging ones, opens "
        "an incident for repeated failures, attaches runs; reports the streaming assets. While it is off, the processes continue unwatched."
    ),
)
def streaming_sensor(
    context: dg.SensorEvaluationContext,
    postgres: PostgresResource,
    generator: GeneratorResource,
    spark_stream: SparkStreamResource,
) -> dg.SensorResult | dg.SkipReason:
    """One look at both services; well below a second."""
    try:
        with postgres.connect() as connection:
            return _tick(context, connection, (generator, spark_stream))
    except psycopg.OperationalError as error:
        return dg.SkipReason(f"the database does not answer, so nothing can be judged: {str(error).strip()}")


def _tick(
    context: dg.SensorEvaluationContext,
    connection: psycopg.Connection[DictRow],
    services: Sequence[ServiceResource],
) -> dg.SensorResult:
    settings, now, instance = services[0].settings, time.time(), context.instance
    statuses = {service.service: service.status() for service in services}
    cursor = Cursor.read(context.cursor).looked(
        now,
        {name: str(status.beat_at) for name, status in statuses.items()},
        {name: str(status.attached_at) for name, status in statuses.items()},
        broker_answers=kafka.answers(settings.kafka),
    )
    requests: list[dg.RunRequest] = []
    notes: list[str | None] = []
    for service in services:
        name = service.service
        situation = Situation(
            status=statuses[name],
            runs=_runs(instance, name, now),
            now=now,
            beat_silence_s=cursor.beats[name].still_s,
            attachment_silence_s=cursor.attachments[name].still_s,
            servers_since=cursor.servers_since,
            requested=tuple(cursor.requested.get(name, ())),
        )
        notes.append(f"{name}: {statuses[name].state}, wanted {statuses[name].desired}")
        actions = ServiceActions(instance, settings, connection, service)
        for action in decide(situation, _limits(settings, name)):
            if isinstance(action, RequestRun):
                cursor = cursor.asked(name, now)
                requests.append(dg.RunRequest(job_name=name, run_key=f"{name}-{now:.3f}"))
            try:
                notes.append(actions.carry_out(action))
            except StackError as error:
                notes.append(str(error))
    events, cursor = _report(connection, settings, statuses, cursor)
    summary = "; ".join(note for note in notes if note)
    context.log.info(summary)
    return dg.SensorResult(
        run_requests=requests,
        asset_events=events,
        cursor=cursor.model_dump_json(),
        skip_reason=None if requests else dg.SkipReason(summary),
    )


def _runs(instance: dg.DagsterInstance, job: str, now: float) -> tuple[AttachedRun, ...]:
    """The runs of `job` that have not ended, the oldest first."""
    filters = dg.RunsFilter(job_name=job, statuses=NOT_ENDED)
    return tuple(
        AttachedRun(
            record.dagster_run.run_id,
            record.dagster_run.status,
            None if record.start_time is None else now - record.start_time,
            SENSOR_NAME_TAG in record.dagster_run.tags,
        )
        for record in instance.get_run_records(filters, ascending=True)
    )


def _limits(settings: Settings, name: str) -> Limits:
    return Limits(settings.dagster.hang_s, FIRST_HEARTBEAT_S[name], settings.dagster.failure_limit)


def _report(
    connection: psycopg.Connection[DictRow],
    settings: Settings,
    statuses: Mapping[str, ServiceStatus],
    cursor: Cursor,
) -> tuple[list[dg.AssetObservation], Cursor]:
    """What is new of the assets, if a report is due, a service has changed, or the first batch is awaited; and
    the cursor after it.
    """
    conditions = {name: f"{status.desired} {status.state} {status.pid}" for name, status in statuses.items()}
    due = cursor.ticked_at - cursor.reported_at >= settings.dagster.report_interval_s
    everything = due or conditions != cursor.conditions
    if not everything and not any(map(is_waiting, cursor.reported.values())):
        return [], cursor
    found = [
        report
        for report in reports(observe(connection, settings))
        if everything or is_waiting(cursor.reported.get(report.asset))
    ]
    new = [report for report in found if cursor.reported.get(report.asset) != report.sign]
    after: dict[str, object] = {"reported": cursor.reported | {report.asset: report.sign for report in found}}
    if everything:
        after |= {"conditions": conditions, "reported_at": cursor.ticked_at}
    return [report.event() for report in new], cursor.model_copy(update=after)
