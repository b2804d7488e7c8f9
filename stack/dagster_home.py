"""Dagster's processes: their home, their command lines, and how to tell that each is well."""

import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.environment import child_environment
from stack.identities import as_identity
from stack.ports import is_open

__all__ = [
    "code_server_command",
    "daemon_command",
    "daemon_health",
    "dagster_environment",
    "docs_command",
    "home",
    "prepare",
    "prepare_code",
    "webserver_command",
    "webserver_health",
]

LOOPBACK = "127.0.0.1"
ANSWER_TIMEOUT_S = 2.0
DAEMON_SILENCE_S = 90.0
"""The daemon says every 30 s that it lives."""

DAEMON_BEATS = (
    "SELECT min(timestamp) FROM daemon_heartbeats WHERE daemon_type IN ('SENSOR', 'QUEUED_RUN_COORDINATOR')"
)


def home(settings: Settings) -> Path:
    """DAGSTER_HOME: the instance's configuration, compute logs and artifacts."""
    return settings.data_dir / "dagster"


def prepare(settings: Settings) -> None:
    """Make the home; every process of Dagster calls it, in any order."""
    folder = home(settings)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(settings.root / "orchestration" / "dagster.yaml", folder / "dagster.yaml")


def prepare_code(settings: Settings) -> None:
    """Make the home and dbt's manifest, which the code server reads. Raises `StackError` with dbt's words."""
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
            f"dbt's manifest could not be made: {(answer.stdout + answer.stderr).strip()[-1500:]}"
        )


def dagster_environment(settings: Settings) -> dict[str, str]:
    """What every process of Dagster gets, the workers of runs too."""
    folder, authority = home(settings), settings.postgres.ca_file
    encryption: dict[str, str] = {
        "PGSSLMODE": settings.postgres.sslmode
    }  # libpq reads these where Dagster passes nothing
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
    """Loads the definitions for the other two, and starts the workers of runs."""
    return [
        *(sys.executable, "-m", "dagster", "api", "grpc"),
        *("--module-name", "orchestration.definitions", "--location-name", "orderpulse"),
        *("--host", settings.dagster.listen_host, "--port", str(settings.dagster.code_server_port)),
        "--use-python-environment-entry-point",
    ]


def daemon_command(settings: Settings) -> list[str]:
    """Runs sensors, schedules and the queue of runs."""
    return [*(sys.executable, "-m", "dagster._daemon", "run"), *_workspace(settings)]


def webserver_command(settings: Settings) -> list[str]:
    """Serves the UI and GraphQL. It knows no passwords: what is not on loopback needs the proxy in front."""
    own = settings.dagster
    return [
        *(
            sys.executable,
            "-m",
            "dagster_webserver",
            "--host",
            own.listen_host,
            "--port",
            str(own.webserver_port),
        ),
        *_workspace(settings),
        *(["--path-prefix", own.path_prefix] if own.path_prefix else []),
        *(["--read-only"] if own.read_only else []),
    ]


def docs_command(settings: Settings) -> list[str]:
    """Serves the site that `dbt docs generate` makes."""
    site = settings.root / "dbt_project" / "target"
    site.mkdir(parents=True, exist_ok=True)
    port = str(settings.dagster.docs_port)
    listen = ["--bind", settings.dagster.listen_host]
    return [sys.executable, "-m", "http.server", port, *listen, "--directory", str(site)]


def webserver_health(settings: Settings) -> str:
    """`healthy`, or why not: the web server answers and says which version it is."""
    address = f"http://{LOOPBACK}:{settings.dagster.webserver_port}{settings.dagster.path_prefix}/server_info"
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_TIMEOUT_S):  # an address of our own
            return "healthy"
    except (urllib.error.URLError, OSError) as error:
        return (
            "unhealthy: it does not answer"
            if is_open(settings.dagster.webserver_port)
            else f"starting ({error})"
        )


def daemon_health(settings: Settings) -> str:
    """`healthy`, or why not: what the daemon last said of its threads."""
    user = as_identity(settings, "dagster").postgres
    own = user.model_copy(update={"database": settings.dagster.database})
    try:
        with postgres.connect(own, autocommit=True) as connection:
            row = connection.execute(DAEMON_BEATS).fetchone()
    except psycopg.Error:
        return "unknown: its heartbeat is in the database, which does not answer"
    if row is None or row[0] is None:
        return "starting"
    silent_s = (datetime.now(UTC) - row[0].replace(tzinfo=UTC)).total_seconds()
    return "healthy" if silent_s < DAEMON_SILENCE_S else f"unhealthy: silent for {silent_s:.0f} s"


def _workspace(settings: Settings) -> list[str]:
    return ["--workspace", str(settings.root / "workspace.yaml")]
