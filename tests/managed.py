"""A process manager of a test's own, whose programs use the test's own database and topic."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.settings import KafkaSettings, PostgresSettings, Settings
from stack.down import down
from stack.environment import settings_as_environment
from stack.manager import Manager
from stack.supervisor_config import SUPERVISOR
from tests.processes import Started


@contextmanager
def manager_of(settings: Settings) -> Iterator[Manager]:
    """A manager that runs, with nothing started; it is ended with all that it started."""
    manager = Manager(settings)
    settings.log_dir.mkdir(parents=True, exist_ok=True)
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
