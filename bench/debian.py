"""Debian packages for measurements and tests, installed if they are missing and we are root."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from core.errors import PrerequisiteError

LOCK = Path(tempfile.gettempdir()) / "orderpulse-apt.lock"
"""Lock for concurrent test workers; apt itself would refuse the second."""


def install(package: str, purpose: str) -> None:
    """Install `package` without recommended ones. Does not start servers in it.

    Raises `PrerequisiteError` with the command if we are not root on Debian, or apt fails.
    """
    how = f"install it with `apt-get install {package}` (Debian)"
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise PrerequisiteError(f"{package} is needed {purpose}: {how}.")
    # In run level 1 Debian starts no server of a package; no prompts.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    waiting = ("-q", "-o", "DPkg::Lock::Timeout=120")
    with FileLock(LOCK):
        for arguments in (("update",), ("install", "--yes", "--no-install-recommends", package)):
            answer = subprocess.run(
                [apt, *waiting, *arguments], env=environment, capture_output=True, text=True, check=False
            )
            if answer.returncode != 0:
                said = (answer.stdout + answer.stderr).strip()[-800:]
                raise PrerequisiteError(f"{package} could not be installed; {how}. Its output: {said}")
