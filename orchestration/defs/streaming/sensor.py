"""The streaming sensor: keeps wanted and actual equal, and reports the streaming assets without a run."""

import socket
import time
from collections.abc import Mapping, Sequence

import dagster as dg
import psycopg
from dagster._core.storage.tags import SENSOR_NAME_TAG
from psycopg.rows import DictRow

from core.errors import StackError
from core.settings import Settings
from orchestration.defs.streaming.actions import Hands
from orchestration.defs.streaming.attached import ATTACHED_JOBS
from orchestration.defs.streaming.cursor import Cursor
from orchestration.defs.streaming.decisions import AttachedRun, Limits, RequestRun, Situation, decide
from orchestration.defs.streaming.reports import is_waiting, reports
from orchestration.incidents import open_incidents, service_incident
from orchestration.observation import observe
from orchestration.resources import PostgresResource
from orchestration.services import GeneratorResource, ServiceResource, ServiceStatus, SparkStreamResource

__all__ = ["streaming_sensor"]

INTERVAL_S = 10
CONNECT_TIMEOUT_S = 0.2
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
        "Keeps generator and stream as they are wanted: starts, stops, restarts what hangs, gives up what fails "
        "again and again, attaches runs; reports the streaming assets. While it is off, the processes go on unwatched."
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
    incidents = open_incidents(connection)
    statuses = {service.service: service.status() for service in services}
    cursor = Cursor.read(context.cursor).looked(
        now,
        {name: str(status.beat_at) for name, status in statuses.items()},
        {name: str(status.attached_at) for name, status in statuses.items()},
        broker_answers=_answers(settings),
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
            has_incident=service_incident(name) in incidents,
        )
        notes.append(f"{name}: {statuses[name].state}, wanted {statuses[name].desired}")
        hands = Hands(instance, settings, connection, service)
        for action in decide(situation, _limits(settings, service)):
            if isinstance(action, RequestRun):
                cursor = cursor.asked(name, now)
                requests.append(dg.RunRequest(job_name=name, run_key=f"{name}-{now:.3f}"))
            try:
                notes.append(hands.carry_out(action))
            except StackError as error:
                notes.append(str(error))
    events, cursor = _report(connection, settings, statuses, cursor)
    said = "; ".join(note for note in notes if note)
    context.log.info(said)
    return dg.SensorResult(
        run_requests=requests,
        asset_events=events,
        cursor=cursor.model_dump_json(),
        skip_reason=None if requests else dg.SkipReason(said),
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


def _answers(settings: Settings) -> bool:
    """Whether a broker takes connections."""
    for address in settings.kafka.addresses():
        try:
            socket.create_connection(address, timeout=CONNECT_TIMEOUT_S).close()
        except OSError:
            continue
        return True
    return False


def _limits(settings: Settings, service: ServiceResource) -> Limits:
    limits = settings.dagster
    return Limits(
        hang_s=limits.hang_s,
        starts_within_s=service.starts_within_s,
        restart_limit=limits.restart_limit,
        restart_window_s=limits.restart_window_s,
    )


def _report(
    connection: psycopg.Connection[DictRow],
    settings: Settings,
    statuses: Mapping[str, ServiceStatus],
    cursor: Cursor,
) -> tuple[list[dg.AssetObservation], Cursor]:
    """What is new of the assets, where a report is due, a service has changed, or the first batch is awaited; and
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
