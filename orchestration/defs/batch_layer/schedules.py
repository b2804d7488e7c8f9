"""The schedule that admits late records, if the shop wants that."""

from datetime import timedelta

import dagster as dg

from core.clock import to_iso8601, utc_now
from core.events import RejectReason
from core.tables import EVENTS_REJECTED
from orchestration.defs.batch_layer.jobs import judge_anew, replay_rejected
from orchestration.resources import PostgresResource

LOOKS_BACK = timedelta(hours=48)
"""Older ones that could not be admitted are not tried again."""

_WAITING = f"""
    SELECT count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE reason = %(reason)s AND replayed_at IS NULL AND kafka_time >= %(since)s
"""  # noqa: S608  # names from core.tables


@dg.schedule(
    job=replay_rejected,
    cron_schedule="11 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Once an hour admits the late events of the last 48 hours, if ORDERPULSE_SHOP__ADMIT_LATE is set.",
)
def admit_late(postgres: PostgresResource) -> dg.RunRequest | dg.SkipReason:
    """A run of `replay_rejected` if late records wait; Spark is not started for nothing."""
    if not postgres.settings.shop.admit_late:
        return dg.SkipReason("ORDERPULSE_SHOP__ADMIT_LATE is off.")
    since = utc_now() - LOOKS_BACK
    with postgres.connect() as connection:
        row = connection.execute(_WAITING, {"reason": RejectReason.LATE.value, "since": since}).fetchone()
    if row is None or row["records"] == 0:
        return dg.SkipReason("No late record waits.")
    config = {"reasons": [RejectReason.LATE.value], "from_time": to_iso8601(since), "admit_late": True}
    return dg.RunRequest(run_config={"ops": {judge_anew.name: {"config": config}}})
