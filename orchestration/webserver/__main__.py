"""`python -m orchestration.webserver`: Dagster's web server, configured by the settings, behind the guard."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import dagster as dg
import uvicorn

# No public names; Dagster is pinned. This is what its own command line does.
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import (
    DEFAULT_DB_STATEMENT_TIMEOUT,
    DEFAULT_POOL_MAX_OVERFLOW,
    DEFAULT_POOL_RECYCLE,
)
from dagster_webserver.version import __version__
from starlette.applications import Starlette

from core.errors import SettingsError
from core.settings import Settings, load_settings
from orchestration.webserver.guard import Guard, served_hosts

LIVE_DATA_POLL_MS = 2000
STOP_TIMEOUT_S = 5
"""Open pages keep their WebSocket open."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM."""
    own = settings.dagster
    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        workspace = WorkspaceFileTarget([str(settings.root / "workspace.yaml")])
        with WorkspaceProcessContext(instance, workspace, __version__, own.read_only) as context:
            app = create_app_from_workspace_process_context(
                context, own.path_prefix, LIVE_DATA_POLL_MS, lifespan=_lifespan
            )
            uvicorn.run(
                Guard(app, served_hosts(own)),
                host=own.listen_host,
                port=own.webserver_port,
                log_level="warning",
                timeout_graceful_shutdown=STOP_TIMEOUT_S,
            )


@asynccontextmanager
async def _lifespan(_: Starlette) -> AsyncIterator[None]:
    with suppress(asyncio.CancelledError):  # uvicorn ends it with a signal
        yield


def main() -> int:
    """Entry point; returns the exit code."""
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    configure_loggers()
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
