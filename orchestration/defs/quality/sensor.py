"""The quality sensor: evaluates the checks without a run, keeps the incidents, requests backfills."""

from functools import partial

import dagster as dg
import psycopg

from control.observation import observe
from control.topic_state import Difference
from core.errors import BrokerError
from orchestration.defs.quality.catalogue import Facts
from orchestration.defs.quality.memory import Memory
from orchestration.defs.quality.tick import Tick, tick
from orchestration.resources import KafkaResource, PostgresResource

INTERVAL_S = 30
BROKER_TIMEOUT_S = 2.0
BACKFILL = "backfill_kpis"


@dg.sensor(
    job_name=BACKFILL,
    minimum_interval_seconds=INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Evaluates the checks of the assets: reports them once a minute and at once on a change, opens and closes "
        "incidents, requests the backfill of an hour whose KPIs differ from events_clean. Turned off, nothing is judged."
    ),
)
def quality_sensor(
    context: dg.SensorEvaluationContext, postgres: PostgresResource, kafka: KafkaResource
) -> dg.SensorResult | dg.SkipReason:
    """One look, well below a second."""
    settings = postgres.settings
    try:
        with postgres.connect() as connection:
            observation = observe(connection, settings, end_offsets=end_offsets(kafka))
            facts = Facts(observation, settings, connection, partial(topic_differences, kafka))
            done = tick(facts, Memory.read(context.cursor))
    except psycopg.OperationalError as error:
        return dg.SkipReason(f"The database does not answer, so nothing can be judged: {str(error).strip()}")
    requests = [_request(partition, facts) for partition in done.backfills]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else _in_words(done),
        asset_events=[check.evaluation(verdict) for check, verdict in done.report.items()],
        cursor=done.memory.model_dump_json(),
    )


def end_offsets(kafka: KafkaResource) -> dict[int, int] | None:
    """The topic's end; None if the broker does not answer."""
    try:
        return kafka.end_offsets(BROKER_TIMEOUT_S)
    except BrokerError:
        return None


def topic_differences(kafka: KafkaResource) -> list[Difference] | None:
    """What differs from the topic that set-up creates; None if the broker does not answer."""
    try:
        return kafka.topic_differences(BROKER_TIMEOUT_S)
    except BrokerError:
        return None


def _request(partition: str, facts: Facts) -> dg.RunRequest:
    """The key is new at each request: what still differs is recomputed once more."""
    return dg.RunRequest(
        job_name=BACKFILL,
        partition_key=partition,
        run_key=f"reconciliation-{partition}-{facts.observation.at:%Y%m%dT%H%M%S}",
    )


def _in_words(done: Tick) -> str:
    failing = [check.key for check, verdict in done.report.items() if not verdict.passed]
    return f"{len(done.report)} verdicts reported" + (f"; failed: {', '.join(failing)}" if failing else "")
