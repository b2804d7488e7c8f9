"""The real servers that the tests share, on free ports, with data in a temporary folder.

Start-up costs a few seconds once a session and only where a test asks for it; isolation
comes from a fresh topic and a fresh database for each test. The whole platform, `platform`, has
servers of its own; the tests of `chaos` and `e2e` go through one life of it.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from core import kafka, postgres
from core.settings import Environment, KafkaSettings, PostgresSettings, Settings, load_settings
from core.topics import EVENTS_RAW
from database import migrate
from stack.host.environment import child_environment
from stack.host.ports import free_ports
from stack.host.variables import for_command
from stack.local.health import health
from stack.servers.jars import ensure_jars
from stack.servers.postgres import server
from tests.e2e.platform import Platform, isolated_settings
from tests.processes import Started

TEMPLATE = "migrated_template"
SHORT_RUN = "-XX:TieredStopAtLevel=1"
"""Java does not optimise what it runs for half a minute; the platform of `chaos` and `e2e` runs as it is shipped."""

PLATFORM_FOLDERS = {"chaos", "e2e"}
LONGEST_MODULE = "test_stream"
"""Started first, so that no other worker waits for its end."""

UP_TIMEOUT_S = 600
"""Of the first `up`, on a machine that is slow or busy."""

SECURED_KAFKA = "test_kafka_"
"""Modules of that name share one secured broker."""


running_platform: list[Platform] = []
"""The platform of this worker, while it runs."""


def _needs_platform(module: Path) -> bool:
    """Whether the module shares the platform."""
    return module.parent.name in PLATFORM_FOLDERS


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # a class without types
    """With several workers: all that shares the platform goes to one, each other module to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        """The lane of a test."""
        module = Path(nodeid.split("::", 1)[0])
        if _needs_platform(module):
            return "platform"
        return SECURED_KAFKA if module.stem.startswith(SECURED_KAFKA) else str(module)


def pytest_configure() -> None:
    """Tests run in whatever shell; what it sets beyond what a command of ours keeps is not for them."""
    kept = for_command(
        os.environ, {name for name in os.environ if name == "CI" or name.startswith("PYTEST_")}
    )
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares the platform comes last, when the other workers have ended: it measures how soon things happen."""
    items.sort(key=lambda item: (_needs_platform(item.path), item.path.stem != LONGEST_MODULE))


@pytest.hookimpl(trylast=True)  # after the teardown of the test itself
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """The platform ends with its lane: it would take the processors from the tests that follow."""
    if running_platform and (nextitem is None or not _needs_platform(nextitem.path)):
        running_platform.pop().command("down")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Lanes:
    """Workers take lanes; marks of groups are not understood by this version of xdist and pytest together."""
    return Lanes(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured, which a worker cannot write to the terminal itself."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    figures = [
        str(value) for report in reports for name, value in report.user_properties if name == "measured"
    ]
    if figures:
        terminalreporter.section("measured")
        for figure in figures:
            terminalreporter.line(figure)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Note a figure, in words; it is shown when the tests have ended."""
    return lambda text: record_property("measured", text)


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A folder for the session's data that PostgreSQL's own account can enter; its name is one that people give."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse test dự án-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(data_dir: Path) -> Settings:
    """Settings of the session's platform: free ports, temporary data, the shared jar cache."""
    kafka_port, controller_port, postgres_port = free_ports(3)
    return load_settings(
        environment=Environment.TEST,
        api={"share_ms": 0},  # a test asks again as soon as it has changed something
        kafka={"bootstrap_servers": f"localhost:{kafka_port}"},
        postgres={"port": postgres_port},
        stack={
            "data_dir": data_dir,
            "kafka_controller_port": controller_port,
            "background_niceness": 0,  # what is tested shares the processors with other tests
        },
        stream={"checkpoint_dir": data_dir / "checkpoints", "jvm_options": SHORT_RUN},
    )


@pytest.fixture(scope="session")
def jars(settings: Settings) -> None:
    """The jars, and the archive of Spark's classes, which shortens each of its many starts."""
    ensure_jars(settings)
    command = [sys.executable, "-m", "spark_jobs.class_archive"]
    subprocess.run(command, check=True, cwd=settings.root, env=child_environment(settings))


@pytest.fixture(scope="session")
def broker(settings: Settings, data_dir: Path, jars: None) -> Iterator[KafkaSettings]:
    """A running broker."""
    with Started(settings, "kafka", data_dir, signal.SIGTERM) as started:
        started.wait(lambda: health(settings, "kafka", started.pid) == "healthy")
        yield settings.kafka


@pytest.fixture(scope="session")
def postgres_server(settings: Settings, data_dir: Path) -> Iterator[PostgresSettings]:
    """A running server with the role and the (empty) database that the settings name."""
    with Started(settings, "postgres", data_dir, signal.SIGINT) as started:
        started.wait(lambda: server.accepts(settings))
        server.ensure_database(settings)
        yield settings.postgres


@pytest.fixture(scope="session")
def database_template(postgres_server: PostgresSettings) -> PostgresSettings:
    """A migrated database that the fresh ones are copied from; nobody connects to it."""
    template = postgres_server.model_copy(update={"database": TEMPLATE})
    _execute(postgres_server, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(template)
    return template


@pytest.fixture(scope="session")
def platform(jars: None) -> Iterator[Platform]:
    """The whole platform, running, as `orderpulse up` leaves it."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse platform dự án-"))
    folder.chmod(0o755)
    under_test = Platform(isolated_settings(folder, {"rate": 20, "invalid_share": 0.1}), UP_TIMEOUT_S)
    try:
        under_test.command("up")
        running_platform.append(under_test)
        yield under_test
    finally:
        under_test.command("down")
        shutil.rmtree(folder)


@pytest.fixture
def topic(broker: KafkaSettings) -> str:
    """Name of a fresh, empty topic with the configuration of `events_raw`."""
    name = f"test-{uuid.uuid4()}"
    kafka.create_topic(broker, EVENTS_RAW, name)
    return name


@pytest.fixture
def database(
    postgres_server: PostgresSettings, database_template: PostgresSettings
) -> Iterator[PostgresSettings]:
    """A fresh, migrated, empty database."""
    with _fresh_database(postgres_server, database_template) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_database(
    postgres_server: PostgresSettings, database_template: PostgresSettings
) -> Iterator[PostgresSettings]:
    """The same for the tests of a module that only read it: to fill one takes seconds."""
    with _fresh_database(postgres_server, database_template) as fresh:
        yield fresh


@pytest.fixture
def connection(database: PostgresSettings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """An autocommit connection to the test's own database."""
    with postgres.connect(database, autocommit=True) as opened:
        yield opened


@contextmanager
def _fresh_database(
    postgres_server: PostgresSettings, database_template: PostgresSettings
) -> Iterator[PostgresSettings]:
    name = f"test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    copied = sql.Identifier(database_template.database)
    _execute(postgres_server, create.format(sql.Identifier(name), copied))
    yield postgres_server.model_copy(update={"database": name})
    # Not WITH (FORCE): where autovacuum is at work that is refused, while a plain DROP ends it and waits.
    ours = sql.SQL(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {} AND usename = current_user"
    )
    _execute(postgres_server, ours.format(sql.Literal(name)))
    _execute(postgres_server, sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _execute(settings: PostgresSettings, statement: sql.Composed) -> None:
    with postgres.connect(settings, autocommit=True) as opened:
        opened.execute(statement)
