"""A database with the API, without the rest of the platform."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.children import Child
from bench.platform import open_folder
from core.settings import Settings, load_settings
from database import migrate
from stack.host.ports import free_ports
from stack.local.health import health
from stack.servers.postgres import server as postgres_server


@contextmanager
def api_alone() -> Iterator[tuple[Settings, Child]]:
    """The settings and the API's process, on free ports. `settings.stack.data_dir` is removed afterwards."""
    database_port, api_port = free_ports(2)
    base = load_settings()
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        settings = base.model_copy(
            update={
                "postgres": base.postgres.model_copy(update={"host": "localhost", "port": database_port}),
                "stack": base.stack.model_copy(update={"data_dir": folder}),
                "api": base.api.model_copy(update={"host": "127.0.0.1", "port": api_port, "auth": "off"}),
            }
        )
        server = Child("postgres", ("-m", "stack", "run", "postgres"), settings, folder / "postgres.log")
        stack.enter_context(server)
        server.wait_ready(lambda: postgres_server.accepts(settings))
        postgres_server.ensure_database(settings)
        migrate(settings.postgres)
        api = stack.enter_context(Child("api", ("-m", "api"), settings, folder / "api.log"))
        api.wait_ready(lambda: health(settings, "api", None) == "healthy")
        yield settings, api
