"""The job `retention` and its schedule: deletes old rows table by table and reports their number."""

from datetime import timedelta

import dagster as dg
from pydantic import Field

from core import postgres as database
from core.clock import utc_now
from database.retention import advance_mark, events_limit
from orchestration.defs.maintenance.dagster_rows import dagster_rows, purge_compute_logs, purge_runs
from orchestration.defs.maintenance.platform_rows import platform_rows
from orchestration.defs.maintenance.purge import purge
from orchestration.resources import PostgresResource


class RetentionConfig(dg.Config):
    """Options of a run; retention periods are settings (ORDERPULSE_RETENTION__...)."""

    dry_run: bool = Field(default=False, description="Only count what would be deleted.")


@dg.op
def delete_platform_rows(
    context: dg.OpExecutionContext, postgres: PostgresResource, config: RetentionConfig
) -> None:
    """Delete old events, rejected records, ledger rows and closed alerts. KPIs are kept."""
    settings, now = postgres.settings.retention, utc_now()
    with postgres.connect() as connection:
        if not config.dry_run:
            advance_mark(connection, events_limit(settings, now))
        counts = {
            expired.name: purge(connection, expired, settings.rows_per_batch, dry_run=config.dry_run)
            for expired in platform_rows(settings, now)
        }
    _report(context, counts, dry_run=config.dry_run)


@dg.op
def delete_dagster_rows(
    context: dg.OpExecutionContext, postgres: PostgresResource, config: RetentionConfig
) -> None:
    """Delete Dagster's old events, log lines of active runs, check evaluations, finished runs and their logs."""
    settings, dry_run = postgres.settings, config.dry_run
    limit = utc_now() - timedelta(days=settings.retention.event_log_days)
    own = settings.postgres.model_copy(update={"database": settings.dagster.database})
    home = settings.data_dir / "dagster"
    with database.connect(own, autocommit=True) as connection:
        counts = {
            expired.name: purge(connection, expired, settings.retention.rows_per_batch, dry_run=dry_run)
            for expired in dagster_rows(limit)
        }
    counts["dagster.runs"] = purge_runs(context.instance, limit, dry_run=dry_run)
    folders = [home / "compute_logs", home / "artifacts" / "storage"]
    counts["dagster.log_folders"] = purge_compute_logs(context.instance, folders, limit, dry_run=dry_run)
    _report(context, counts, dry_run=dry_run)


@dg.config_mapping
def same_for_both(config: RetentionConfig) -> dg.RunConfig:
    """One configuration of the job for both of its ops."""
    return dg.RunConfig(ops={"delete_platform_rows": config, "delete_dagster_rows": config})


@dg.job(executor_def=dg.in_process_executor, config=same_for_both)
def retention() -> None:
    """Delete rows older than the retention settings: events and rejected records (their KPIs are kept), ledger
    rows, closed alerts, and Dagster's own events, runs and logs. Nightly; `dry_run` only counts.

    Kept whatever their age: the newest ledger rows of each query, batches not yet healed, the
    newest run of each job, the newest evaluation of each check.
    """
    delete_platform_rows()
    delete_dagster_rows()


nightly_retention = dg.ScheduleDefinition(
    name="nightly_retention",
    job=retention,
    cron_schedule="17 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Once a night, so that the database and Dagster's event log stay small.",
)


def _report(context: dg.OpExecutionContext, counts: dict[str, int], *, dry_run: bool) -> None:
    verb = "would delete" if dry_run else "deleted"
    for name, count in counts.items():
        context.log.info("%s: %s %d", name, verb, count)
    context.add_output_metadata({"dry_run": dry_run, **counts})
