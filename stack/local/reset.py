"""Discard all data of the local platform."""

import shutil
from pathlib import Path

from core.errors import StackError
from core.settings import Settings
from stack.host.locks import holder
from stack.local.programs import programs_of
from stack.local.supervisor_config import SUPERVISOR
from stack.servers.postgres.replica import replica_home
from stack.servers.postgres.server import cluster_home


def what_goes(settings: Settings) -> list[Path]:
    """The folders that a reset removes, of those that exist."""
    databases = (cluster_home(settings), replica_home(settings))
    folders = (settings.checkpoint_dir, *databases, settings.data_dir)
    return [folder for folder in folders if folder.exists()]


def reset(settings: Settings) -> None:
    """Remove the data, logs and checkpoints. Raises `StackError` while a program runs."""
    names = (SUPERVISOR, *(program.name for program in programs_of(settings)))
    running = [name for name in names if holder(settings, name) is not None]
    if running:
        raise StackError(
            f"{', '.join(running)} would lose the ground they stand on; run `orderpulse down` first."
        )
    for folder in what_goes(settings):
        shutil.rmtree(folder)
