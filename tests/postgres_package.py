"""A PostgreSQL that has TLS: Debian's, installed where it is missing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.debian import install
from stack.servers.postgres.programs import DEBIAN

PACKAGE = "postgresql-15"
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/orderpulse-tests.conf")
"""Read while the package is set up: it makes and starts a server of its own otherwise."""


def ensure_postgres_with_tls() -> Path:
    """Folder of its programs. Root on Debian gets it installed; else raises `PrerequisiteError` with the command."""
    found = sorted(DEBIAN.glob("[0-9]*/bin/postgres"), key=lambda path: int(path.parents[1].name))
    if found:
        return found[-1].parent
    with _without_a_cluster():
        install(PACKAGE, "for the tests of TLS")
    return ensure_postgres_with_tls()


@contextmanager
def _without_a_cluster() -> Iterator[None]:
    """Only root installs, and only root may say this."""
    if os.geteuid() != 0:
        yield
        return
    NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
    try:
        yield
    finally:
        NO_CLUSTER.unlink()
