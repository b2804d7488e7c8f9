"""Start the platform, or what is missing of it, and wait until it is well."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString, get_args

from control.limits import FIRST_OUTPUT_S, START_S
from control.process_manager import log_path
from control.state import read_services
from core import kafka, postgres
from core.errors import StackError
from core.jars import JarSet
from core.settings import Settings
from core.tables import KPI_1M
from core.topics import EVENTS_RAW
from database import migrate
from stack.doctor.session import WAY_OUT, ended_at_logout
from stack.host.environment import settings_as_environment
from stack.host.locks import holder
from stack.host.waiting import wait_until
from stack.local.ending import end_orphans
from stack.local.health import health
from stack.local.machine import check_ports, check_prerequisites
from stack.local.manager import Manager
from stack.local.programs import SERVERS, SERVICES, SPARK_WORKERS, Program, programs_of
from stack.profile import remember
from stack.screen import Screen
from stack.servers.dagster import schema as dagster_schema
from stack.servers.frontend import ensure_frontend, is_built
from stack.servers.jars import ensure_jars, missing_jars
from stack.servers.kafka import rights as kafka_rights
from stack.servers.kafka.topic import report
from stack.servers.postgres import server as postgres_server

ANSWER_TIMEOUT_S = 5.0
SERVER_TIMEOUT_S = 60.0
KAFKA_NODES = ("kafka", "kafka_2", "kafka_3")
REPLICA = "postgres_replica"
STARTERS = {"dagster_code", "dagster_daemon"}
"""What starts generator and stream."""

FIRST_WINDOW = f"SELECT 1 FROM {KPI_1M.name} LIMIT 1"  # noqa: S608  # a constant name
VIEW = "SELECT 1 WHERE to_regclass('v_kpi_24h') IS NOT NULL"


def up(settings: Settings, chosen: Sequence[Program], screen: Screen) -> None:
    """Make the chosen programs run and be well; what does so already is left alone.

    Generator and stream are Dagster's to start, unless it is not among the chosen.
    Raises `PrerequisiteError` or `StackError` that says what is in the way.
    """
    check_prerequisites(settings, chosen)
    remember(settings)
    if ended_at_logout(settings):
        screen.say(f"  {WAY_OUT}")
    with ThreadPoolExecutor(max_workers=1) as background:
        pages = None
        if any(program.name == "api" for program in chosen) and not is_built(settings):
            pages = background.submit(ensure_frontend, settings)
        _bring_up(settings, chosen, screen, pages)


def _bring_up(
    settings: Settings, chosen: Sequence[Program], screen: Screen, pages: Future[None] | None
) -> None:
    """What every start waits for comes first: the sensor that starts the stream, then the pages for people."""
    _fetch_jars(settings, screen)
    manager = Manager(settings)
    _ensure_manager(settings, manager, chosen, screen)
    names = {program.name for program in chosen}
    _start(settings, manager, names & set(SERVERS))
    if "postgres" in names:
        _ready_postgres(settings, manager, screen)
    _start(settings, manager, names & {*STARTERS, REPLICA})
    _wait_all_well(settings, manager, [name for name in KAFKA_NODES if name in names], screen)
    if "kafka" in names:
        _ready_kafka(settings, screen)
    _ready_spark(settings, manager, names, screen)
    services = _services(settings, names, screen)
    if "dagster_daemon" not in names:
        _start(settings, manager, set(services))
    _wait_all_well(settings, manager, [p.name for p in chosen if p.name in STARTERS], screen)
    started = {*SERVERS, *SPARK_WORKERS, *SERVICES, *STARTERS}
    others = [p.name for p in chosen if not p.once and p.name not in started]
    _start(settings, manager, set(others) - {"api"})
    if pages is not None:
        with screen.step("the dashboard is built"):
            pages.result()
    _start(settings, manager, names & {"api"})
    _wait_all_well(settings, manager, others, screen)
    _wait_all_well(settings, manager, services, screen)
    if names == {program.name for program in programs_of(settings)}:
        _start(settings, manager, {program.name for program in programs_of(settings) if program.once})
        _wait_for_numbers(settings, manager, services, screen)


def _wait_all_well(settings: Settings, manager: Manager, names: Sequence[str], screen: Screen) -> None:
    for name in names:
        with screen.step(f"{name} is well"):
            wait_well(settings, manager, name)


def _services(settings: Settings, names: set[str], screen: Screen) -> list[str]:
    """Those of generator and stream that are to run. One that was stopped on purpose stays so."""
    chosen = [name for name in SERVICES if name in names]
    if "dagster_daemon" not in names:
        return chosen
    if not chosen:
        return []
    postgres.wait_until_reachable(settings.postgres, ANSWER_TIMEOUT_S)
    running = []
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        services = read_services(connection)
    for name in chosen:
        if services[name].wanted:
            running.append(name)
        else:
            why = f" ({services[name].reason})" if services[name].reason else ""
            screen.say(f"  {name} stays stopped{why}; Dagster's job start_{name} starts it")
    return running


def _wait_for_numbers(settings: Settings, manager: Manager, services: list[str], screen: Screen) -> None:
    if services == list(SERVICES):
        with screen.step(f"{KPI_1M.name} has its first row"):
            _wait(settings, manager, "spark_stream", lambda: _answers(settings, FIRST_WINDOW), FIRST_OUTPUT_S)
    with screen.step("Dagster has built the dbt views"):
        _wait(settings, manager, "dagster_daemon", lambda: _answers(settings, VIEW), START_S)


def _fetch_jars(settings: Settings, screen: Screen) -> None:
    missing = sum(len(missing_jars(settings, name)) for name in get_args(JarSet))
    if missing:
        with screen.progress("fetching jars", missing) as advance:
            ensure_jars(settings, advance)
    else:
        ensure_jars(settings)


def _ensure_manager(settings: Settings, manager: Manager, chosen: Sequence[Program], screen: Screen) -> None:
    if manager.pid() is not None:
        refuse_other_settings(settings)
        check_ports(settings, chosen)
        return
    orphans = end_orphans(settings)
    if orphans:
        screen.say(f"  ended {', '.join(orphans)}, which had outlived the process manager")
    check_ports(settings, chosen)
    home = postgres_server.cluster_home(settings)
    if not home.is_relative_to(settings.data_dir):
        screen.say(f"  PostgreSQL cannot run as root nor enter {settings.data_dir}: its data are in {home}")
    note_settings(settings)
    with screen.step("started the process manager"):
        manager.start()


def note_settings(settings: Settings) -> None:
    """Store a fingerprint of the settings that the process manager starts with."""
    _noted(settings).parent.mkdir(parents=True, exist_ok=True)
    _noted(settings).write_text(_fingerprint(settings), encoding="utf-8")


def refuse_other_settings(settings: Settings) -> None:
    """Raise `StackError` if the process manager was started with other settings."""
    noted = _noted(settings)
    if not noted.exists() or noted.read_text(encoding="utf-8") != _fingerprint(settings):
        raise StackError(
            "The platform runs with other settings than these. Run `orderpulse down` with the old settings, or "
            "restore them; `orderpulse up` then starts it with the new ones."
        )


def _noted(settings: Settings) -> Path:
    return settings.data_dir / "run" / "settings"


def _fingerprint(settings: Settings) -> str:
    return hashlib.sha256(repr(sorted(settings_as_environment(settings).items())).encode()).hexdigest()


def _start(settings: Settings, manager: Manager, names: set[str]) -> None:
    managed = manager.programs()
    for program in programs_of(settings):
        if program.name in names and not managed[program.name].going:
            manager.start_program(program.name)


def _ready_postgres(settings: Settings, manager: Manager, screen: Screen) -> None:
    with screen.step(f"PostgreSQL is well on port {settings.postgres.port}"):
        _wait(settings, manager, "postgres", lambda: postgres_server.accepts(settings), SERVER_TIMEOUT_S)
        postgres_server.ensure_database(settings)
    before, after = migrate(settings.postgres)
    if before != after:
        screen.say(f"  the database was migrated from {before or 'nothing'} to {after}")
    migrated = dagster_schema.migrate(settings)
    if migrated:
        screen.say(f"  Dagster's database was migrated from {migrated[0]} to {migrated[1]}")


def _ready_kafka(settings: Settings, screen: Screen) -> None:
    """The rights come before the topic: who finds it may use it."""
    if settings.stack.security == "on":
        kafka_rights.apply_rights(settings)
    if kafka.create_topic(settings.kafka, EVENTS_RAW, settings.kafka.topic):
        screen.say(f"  the topic {settings.kafka.topic} was created")
        return
    for line in report(settings):
        screen.say(f"  the topic {settings.kafka.topic}: {line}")


def _ready_spark(settings: Settings, manager: Manager, names: set[str], screen: Screen) -> None:
    """The workers once there is a master to register with: a refused one tries again after seconds."""
    if "spark_master" in names:
        _wait_all_well(settings, manager, ["spark_master"], screen)
    workers = [name for name in SPARK_WORKERS if name in names]
    _start(settings, manager, set(workers))
    _wait_all_well(settings, manager, workers, screen)


def wait_well(settings: Settings, manager: Manager, name: str) -> None:
    """Return when the program is healthy. Raises `StackError` with its last log line if it does not become healthy."""

    def is_well() -> bool:
        found = holder(settings, name)
        return found is not None and health(settings, name, found.pid) == "healthy"

    _wait(settings, manager, name, is_well, START_S)


def _wait(
    settings: Settings, manager: Manager, name: str, condition: Callable[[], bool], timeout_s: float
) -> None:
    """Wait for `condition`; raise `StackError` with the program's last words if it does not come true."""

    def given_up() -> bool:
        return manager.programs()[name].state == "fatal"

    if wait_until(lambda: condition() or given_up(), timeout_s, poll_s=0.3) and not given_up():
        return
    state = manager.programs()[name].state
    log = log_path(settings, name)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
    tail = "\n".join(line[:300] for line in lines)
    raise StackError(
        f"{name} is not well after {timeout_s:.0f} s (state: {state}). The end of {log}:\n{tail}"
    )


def _answers(settings: Settings, query: LiteralString) -> bool:
    """Whether `query` gives a row; a database that is away for a moment gives none."""
    try:
        with postgres.connect(settings.postgres, autocommit=True) as connection:
            return connection.execute(query).fetchone() is not None
    except postgres.TRANSIENT_ERRORS:
        return False
