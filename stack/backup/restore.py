"""Restore a backup into a new database, which then atomically replaces the current one.

Before that, new checkpoints are started, so that the stream resumes where the restored ledger ends
(`database.resume`). Killed at any point, this leaves either the old database or the complete new one.
"""

import os
import subprocess
from datetime import datetime

from control.checkpoints import begin_at_ledger, driver_kept_out, set_aside
from core.clock import utc_now
from core.settings import Settings
from database.resume import QUERIES
from stack.backup.load import load, note_loss
from stack.backup.plan import Plan
from stack.host.locks import acquire
from stack.screen import Screen
from stack.servers.dbt import dbt
from stack.servers.postgres import databases

DRIVER_TIMEOUT_S = 10.0


def restore(settings: Settings, plan: Plan, screen: Screen, *, views: bool = True) -> str | None:
    """Carry out the plan. Returns the name under which the former database is kept; None if there is none to keep.

    Raises errors of `core.errors`; the former database is then unchanged, and nothing else is left.
    """
    now, current = utc_now(), settings.postgres.database
    kept, new = databases.kept_name(current, now), f"{current}_restoring"
    lock = acquire(settings, "restore", 0)
    try:
        _fill(settings, plan, new, screen, views=views)
        settings.checkpoint_dir.mkdir(parents=True, exist_ok=True)
        with (
            driver_kept_out(settings.checkpoint_dir, DRIVER_TIMEOUT_S),
            databases.administration(settings) as connection,
        ):
            _start_new_checkpoints(settings, plan, now)
            with screen.step(f"replaced {current}"):
                databases.swap(connection, new, current, kept)
            if plan.worthless:
                databases.drop(connection, kept)
    finally:
        with databases.administration(settings) as connection:
            databases.drop(connection, new)
        os.close(lock)
    return None if plan.worthless else kept


def _fill(settings: Settings, plan: Plan, name: str, screen: Screen, *, views: bool) -> None:
    """Fill the new database completely."""
    fresh = databases.of_database(settings, name)
    with databases.administration(settings) as connection:
        databases.drop(connection, name)
    databases.create(settings, name)
    load(fresh, plan.folder, plan.manifest, screen)
    if plan.lost:
        note_loss(fresh, plan.lost)
    if views:
        _build_views(fresh, screen)


def discard(settings: Settings) -> list[str]:
    """Drop the databases kept by restores; returns their names."""
    with databases.administration(settings) as connection:
        names = databases.kept_databases(connection, settings.postgres.database)
        for name in names:
            databases.drop(connection, name)
    return names


def _start_new_checkpoints(settings: Settings, plan: Plan, now: datetime) -> None:
    for name in QUERIES:
        folder = settings.checkpoint_dir / name
        if plan.start_positions is not None:
            begin_at_ledger(folder, now)
        elif folder.is_dir():
            set_aside(folder, now)


def _build_views(settings: Settings, screen: Screen) -> None:
    launch = dbt(settings, ["run", "--quiet"])
    with screen.step("built the dbt views"):
        answer = subprocess.run(
            launch.command,
            env=launch.environment,
            cwd=launch.folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if answer.returncode != 0:
        screen.say(
            f"  The views could not be built; `orderpulse dbt run` does it later: {answer.stdout.strip()[-300:]}"
        )
