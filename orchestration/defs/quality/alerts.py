"""The sensor that delivers alerts; apart from the checks, so that a slow webhook delays none."""

import dagster as dg
import psycopg

from orchestration.defs.quality.delivery import deliver_due
from orchestration.resources import PostgresResource

INTERVAL_S = 15


@dg.sensor(
    minimum_interval_seconds=INTERVAL_S,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Posts new incidents (ops.alert) to ORDERPULSE_ALERTS__WEBHOOK_URL as Slack-compatible JSON, each once; tries "
        "again with growing pauses. Without a webhook incidents are recorded and nothing is sent."
    ),
)
def alert_sensor(postgres: PostgresResource) -> dg.SkipReason:
    """Deliver what is due."""
    settings = postgres.settings.alerts
    if settings.webhook_url is None:
        return dg.SkipReason(
            "No webhook is configured (ORDERPULSE_ALERTS__WEBHOOK_URL): alerts are only recorded."
        )
    try:
        with postgres.connect() as connection:
            done = deliver_due(connection, settings)
    except psycopg.OperationalError as error:
        return dg.SkipReason(f"The database does not answer, so no alert can be read: {str(error).strip()}")
    errors = sorted({error for error in done if error})
    delivered = sum(error is None for error in done)
    return dg.SkipReason(f"{delivered} delivered" + (f"; the webhook: {'; '.join(errors)}" if errors else ""))
