"""A PostgreSQL as `orderpulse up --secure` runs it: TLS, a user for each process, migrated."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import Environment, Settings, load_settings
from database import migrate
from stack.host.ports import free_ports
from stack.secure.identities import secured
from stack.servers.postgres import server as postgres_server
from tests.postgres_package import ensure_postgres_with_tls
from tests.processes import Started


class SecuredPostgres:
    """The running server. `settings` are the owner's, as the platform's command line has them."""

    def __init__(self, settings: Settings, process: Started) -> None:
        self.settings = settings
        self.process = process

    def log(self) -> str:
        """What the server wrote."""
        return self.process.log.read_text(errors="replace")


def secured_settings(folder: Path) -> Settings:
    """Settings of a secured platform with all its data below `folder`, as its owner."""
    ensure_postgres_with_tls()
    base = load_settings(
        environment=Environment.TEST,
        postgres={"port": free_ports(1)[0]},
        stack={"data_dir": folder / "data", "security": "on"},
        stream={"checkpoint_dir": folder / "checkpoints"},
    )
    return secured(base)


@contextmanager
def secured_postgres() -> Iterator[SecuredPostgres]:
    """A server of the test's own; it is ended, and its data removed."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-tls-"))
    folder.chmod(0o755)  # for PostgreSQL's own account
    try:
        settings = secured_settings(folder)
        with Started(settings, "postgres", folder, signal.SIGINT) as process:
            process.wait(lambda: postgres_server.accepts(settings))
            postgres_server.ensure_database(settings)
            migrate(settings.postgres)
            yield SecuredPostgres(settings, process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
