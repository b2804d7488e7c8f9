"""`orderpulse start|stop|restart NAME` below a real process manager: a service that is wanted, and another program."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.errors import StackError
from core.settings import KafkaSettings, PostgresSettings, Settings
from stack.host.ports import free_ports, is_open
from stack.local.manager import Manager
from stack.local.programs import named
from stack.local.switches import restart_programs, start_programs, stop_programs
from stack.screen import Screen
from tests.managed import manager_of, own_settings

Connection = psycopg.Connection[tuple[object, ...]]
WANTED = "SELECT desired, reason FROM ops.service WHERE name = 'generator'"


@pytest.fixture
def own(
    settings: Settings, database: PostgresSettings, broker: KafkaSettings, topic: str
) -> Iterator[Settings]:
    """Settings with a database, a topic and a process manager of the test's own."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-") as folder:
        base = own_settings(settings, database, broker, topic, Path(folder))
        docs = base.dagster.model_copy(update={"docs_port": free_ports(1)[0]})
        yield base.model_copy(update={"dagster": docs})


def test_programs_are_switched_and_what_is_wanted_is_written_down(
    own: Settings, connection: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    chosen, screen = named(own, ["generator", "dbt_docs"]), Screen()
    with pytest.raises(StackError, match="`orderpulse up --only generator,dbt_docs`"):
        start_programs(own, chosen, screen)
    with manager_of(own) as manager:
        start_programs(own, chosen, screen)
        first = pids(manager)
        assert None not in first.values()
        assert is_open(own.dagster.docs_port)
        assert wanted(connection)[0] == "running"

        start_programs(own, chosen, screen)
        assert pids(manager) == first, "what runs is left alone"

        restart_programs(own, chosen, screen)
        second = pids(manager)
        assert None not in second.values()
        assert not set(second.values()) & set(first.values())
        assert wanted(connection)[1].endswith("with `orderpulse restart generator`")

        stop_programs(own, chosen, screen)
        assert set(pids(manager).values()) == {None}
        desired, reason = wanted(connection)
        assert (desired, reason.startswith("stop asked for by ")) == ("stopped", True)
        assert "generator is stopped; `orderpulse start generator` starts it" in capfd.readouterr().out

        other = own.model_copy(update={"log_level": "error"})
        with pytest.raises(StackError, match="other settings"):
            start_programs(other, chosen, screen)


def pids(manager: Manager) -> dict[str, int | None]:
    found = manager.programs()
    return {name: found[name].pid for name in ("generator", "dbt_docs")}


def wanted(connection: Connection) -> tuple[str, str]:
    row = connection.execute(WANTED).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])
