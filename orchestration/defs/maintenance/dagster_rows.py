"""Rows to delete from Dagster's storage: old events without a run, old log lines of active runs, old checks, finished
runs and their logs.

Dagster deletes none of these by itself. Its tables have no public interface for single events; the
columns used here are those of the version that `requirements.lock` pins.
"""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from orchestration.defs.maintenance.purge import ExpiredRows

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
PAGE = 100

_EVENTS = """
    old.run_id = '' AND old.timestamp < %(limit)s
    AND old.dagster_event_type IS DISTINCT FROM 'FRESHNESS_STATE_CHANGE'
"""
"""The state of a freshness policy is the newest such event; without it the asset's state is unknown."""

_LINES = """
    old.run_id <> '' AND old.timestamp < %(limit)s AND old.dagster_event_type IS NULL
    AND EXISTS (SELECT FROM runs WHERE runs.run_id = old.run_id AND runs.status <> ALL (%(finished)s))
"""
"""Attached runs last for weeks and write a line every 30 s. A row without a type is a log line; the other events are
the run's state. The lines of a finished run are deleted with it.
"""

_CHECKS = """
    old.create_timestamp < %(limit)s AND EXISTS (
        SELECT FROM asset_check_executions AS newer
        WHERE newer.asset_key = old.asset_key AND newer.check_name = old.check_name AND newer.id > old.id
    )
"""
"""Keeps the newest evaluation of each check, which is its state."""


def dagster_rows(limit: datetime) -> list[ExpiredRows]:
    """Rows of Dagster's database that are older than `limit` and that no finished run owns."""
    values = {"limit": limit.astimezone(UTC).replace(tzinfo=None)}  # Dagster's columns are UTC without a zone
    finished = {"finished": [status.value for status in FINISHED]}
    return [
        ExpiredRows("dagster.event_logs", "event_logs", _EVENTS, values),
        ExpiredRows("dagster.log_lines_of_runs_that_go_on", "event_logs", _LINES, values | finished),
        ExpiredRows("dagster.asset_check_executions", "asset_check_executions", _CHECKS, values),
    ]


def purge_runs(instance: dg.DagsterInstance, limit: datetime, *, dry_run: bool = False) -> int:
    """Delete the finished runs, with their events, that ended before `limit`, except the newest of each job.

    Returns their number.
    """
    expired = list(_old_runs(instance, limit))
    if not dry_run:
        for run_id in expired:
            instance.delete_run(run_id)
    return len(expired)


def _old_runs(instance: dg.DagsterInstance, limit: datetime) -> Iterator[str]:
    newest: dict[str, str] = {}
    cursor: str | None = None
    filters = dg.RunsFilter(statuses=FINISHED)
    while records := instance.get_run_records(filters, limit=PAGE, cursor=cursor):
        for record in records:
            run = record.dagster_run
            is_newest = newest.setdefault(run.job_name, run.run_id) == run.run_id
            if record.update_timestamp < limit and not is_newest:
                yield run.run_id
        cursor = records[-1].dagster_run.run_id


def purge_compute_logs(
    instance: dg.DagsterInstance, folders: list[Path], limit: datetime, *, dry_run: bool = False
) -> int:
    """Delete folders of runs that the instance no longer has, unless written since `limit`.

    `folders` contain one folder per run. Returns the number of deleted ones.
    """
    expired = [
        folder
        for parent in folders
        if parent.is_dir()
        for folder in parent.iterdir()
        if folder.is_dir() and _newest_write(folder) < limit and not instance.has_run(folder.name)
    ]
    if not dry_run:
        for folder in expired:
            shutil.rmtree(folder)
    return len(expired)


def _newest_write(folder: Path) -> datetime:
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in [folder, *folder.rglob("*")]), UTC)
