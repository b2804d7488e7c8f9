"""A process manager of a test's own, whose programs use the test's own database and topic."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.settings import KafkaSettings, PostgresSettings, Settings
from stack.host.environment import settings_as_environment
from stack.local.down import down
from stack.local.manager import Manager
from stack.local.supervisor_config import SUPERVISOR
from stack.local.up import note_settings
from tests.processes import Started


@contextmanager
def manager_of(settings: Settings) -> Iterator[Manager]:
    """A manager that runs, with nothing started; it is ended with all that it started."""
    manager = Manager(settings)
    settings.log_dir.mkdir(parents=True, exist_ok=True)
    note_settings(settings)
    with Started(settings, SUPERVISOR, settings.log_dir, signal.SIGTERM) as started:
        try:
            started.wait(manager.answers)
            yield manager
        finally:
            down(settings, lambda _: None)


def own_settings(
    settings: Settings, database: PostgresSettings, broker: KafkaSettings, topic: str, folder: Path
) -> Settings:
    """`settings` with a database, a topic and a data folder of the test's own."""
    return settings.model_copy(
        update={
            "postgres": database,
            "kafka": broker.model_copy(update={"topic": topic}),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
        }
    )


def export(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Make `settings` what `load_settings` reads."""
    for name, value in settings_as_environment(settings).items():
        monkeypatch.setenv(name, value)
