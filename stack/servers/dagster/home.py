"""Dagster's processes: their home, command lines and health."""

import shutil
import subprocess
import sys
import urllib.error
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.loopback import ask
from stack.host.ports import is_open
from stack.secure.identities import as_identity

LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT_S = 2.0
DAEMON_SILENCE_S = 90.0
"""The daemon writes a heartbeat every 30 s."""

DAEMON_BEATS = (
    "SELECT min(timestamp) FROM daemon_heartbeats WHERE daemon_type IN ('SENSOR', 'QUEUED_RUN_COORDINATOR')"
)


def home(settings: Settings) -> Path:
    """DAGSTER_HOME: the instance's configuration, compute logs and artifacts."""
    return settings.data_dir / "dagster"


def prepare(settings: Settings) -> None:
    """Create the home; every process of Dagster calls it, in any order."""
    folder = home(settings)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(settings.root / "orchestration" / "dagster.yaml", folder / "dagster.yaml")


def prepare_code(settings: Settings) -> None:
    """Create the home and dbt's manifest, which the code server reads. Raises `StackError` with dbt's output."""
    prepare(settings)
    answer = subprocess.run(
        [sys.executable, "-m", "orchestration.manifest"],
        cwd=settings.root,
        env=dagster_environment(as_identity(settings, "dagster")),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise StackError(
            f"dbt's manifest could not be created: {(answer.stdout + answer.stderr).strip()[-1500:]}"
        )


def dagster_environment(settings: Settings) -> dict[str, str]:
    """Environment of every process of Dagster, including the workers of runs."""
    folder, authority = home(settings), settings.postgres.ca_file
    encryption: dict[str, str] = {
        "PGSSLMODE": settings.postgres.sslmode
    }  # libpq reads these, because Dagster passes nothing
    if authority is not None:
        encryption["PGSSLROOTCERT"] = str(authority)
    return (
        child_environment(settings)
        | encryption
        | {
            "DAGSTER_HOME": str(folder),
            "DAGSTER_COMPUTE_LOGS": str(folder / "compute_logs"),
            "DAGSTER_ARTIFACTS": str(folder / "artifacts"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
    )


def code_server_command(settings: Settings) -> list[str]:
    """Command line of the code server, which loads the definitions and starts the workers of runs."""
    return [
        *(sys.executable, "-m", "dagster", "api", "grpc"),
        *("--module-name", "orchestration.definitions", "--location-name", "orderpulse"),
        *("--host", settings.dagster.listen_host, "--port", str(settings.dagster.code_server_port)),
        "--use-python-environment-entry-point",
    ]


def daemon_command(settings: Settings) -> list[str]:
    """Command line of the daemon. In a container it also writes its health verdict."""
    alone = settings.dagster.process_host == "services"
    module = "stack.deploy.watched_daemon" if alone else "dagster._daemon"
    return [*(sys.executable, "-m", module, "run"), *_workspace(settings)]


def webserver_command() -> list[str]:
    """Command line of the web server. It has no login: outside loopback it needs the proxy in front."""
    return [sys.executable, "-m", "orchestration.webserver"]


def docs_command(settings: Settings) -> list[str]:
    """Command line of the server for the site from `dbt docs generate`."""
    site = settings.root / "dbt_project" / "target"
    listen = [settings.dagster.listen_host, str(settings.dagster.docs_port)]
    return [sys.executable, "-m", "stack.servers.docs_server", *listen, str(site)]


def webserver_health(settings: Settings) -> str:
    """`healthy`, or why not: whether the web server reports its version."""
    address = f"http://{LOOPBACK}:{settings.dagster.webserver_port}{settings.dagster.path_prefix}/server_info"
    try:
        with ask(address, ANSWER_TIMEOUT_S):
            return "healthy"
    except (urllib.error.URLError, OSError) as error:
        return (
            "unhealthy: it does not respond"
            if is_open(settings.dagster.webserver_port)
            else f"starting ({error})"
        )


def daemon_health(settings: Settings) -> str:
    """`healthy`, or why not, by the heartbeats of the daemon's threads."""
    user = as_identity(settings, "dagster").postgres
    own = user.model_copy(update={"database": settings.dagster.database})
    try:
        with postgres.connect(own, autocommit=True) as connection:
            row = connection.execute(DAEMON_BEATS).fetchone()
    except psycopg.Error:
        return "unknown: its heartbeat is in the database, which does not respond"
    if row is None or row[0] is None:
        return "starting"
    silent_s = (datetime.now(UTC) - row[0].replace(tzinfo=UTC)).total_seconds()
    return "healthy" if silent_s < DAEMON_SILENCE_S else f"unhealthy: no heartbeat for {silent_s:.0f} s"


def _workspace(settings: Settings) -> list[str]:
    return ["--workspace", str(settings.root / "workspace.yaml")]
