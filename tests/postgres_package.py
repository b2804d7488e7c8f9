"""A PostgreSQL that has TLS: Debian's, installed where it is missing."""

import os
import shutil
import subprocess
from pathlib import Path

from core.errors import PrerequisiteError
from stack.postgres_programs import DEBIAN

__all__ = ["ensure_postgres_with_tls"]

PACKAGE = "postgresql-15"
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/orderpulse-tests.conf")
"""Read while the package is set up: it makes and starts a server of its own otherwise."""


def ensure_postgres_with_tls() -> Path:
    """Folder of its programs. Root on Debian gets it installed; else raises `PrerequisiteError` with the command."""
    found = sorted(DEBIAN.glob("[0-9]*/bin/postgres"), key=lambda path: int(path.parents[1].name))
    if found:
        return found[-1].parent
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise PrerequisiteError(f"The tests of TLS need {PACKAGE}: `apt-get install {PACKAGE}` (Debian).")
    NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
    try:
        for arguments in (("update",), ("install", "--yes", "--no-install-recommends", PACKAGE)):
            _run([apt, "-q", *arguments])
    finally:
        NO_CLUSTER.unlink()
    return ensure_postgres_with_tls()


def _run(command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip()[-800:]
        raise PrerequisiteError(f"{PACKAGE} could not be installed. {' '.join(command)} said: {said}")
