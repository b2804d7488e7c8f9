"""Packages of Debian that measurements and tests need, installed where they are missing and we may."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from filelock import FileLock

from core.errors import PrerequisiteError

__all__ = ["install"]

LOCK = Path(tempfile.gettempdir()) / "orderpulse-apt.lock"
"""Two workers of a test run may want packages at the same time; apt itself would refuse the second."""


def install(package: str, purpose: str) -> None:
    """Install `package`, with what it needs only. A server in it is not started.

    Raises `PrerequisiteError` with the command where we are not root on Debian, or apt fails.
    """
    how = f"install it with `apt-get install {package}` (Debian)"
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise PrerequisiteError(f"{package} is needed {purpose}: {how}.")
    # Debian starts no server of a package in run level 1, and asks nobody anything.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    waiting = ("-q", "-o", "DPkg::Lock::Timeout=120")
    with FileLock(LOCK):
        for arguments in (("update",), ("install", "--yes", "--no-install-recommends", package)):
            answer = subprocess.run(
                [apt, *waiting, *arguments], env=environment, capture_output=True, text=True, check=False
            )
            if answer.returncode != 0:
                said = (answer.stdout + answer.stderr).strip()[-800:]
                raise PrerequisiteError(f"{package} could not be installed; {how}. It said: {said}")
