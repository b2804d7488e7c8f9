"""Make the virtual environment of this checkout: run by any Python, before anything is installed.

Every package comes from a lock file with hashes, and is kept in the cache folder for the next time.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = (ROOT / "bootstrap.lock", ROOT / "requirements.lock")
OLDEST = (3, 11)


def main() -> None:
    """Install what the lock files list, and the project itself, unless that was done already."""
    if sys.version_info < OLDEST:
        sys.exit(
            "orderpulse needs Python 3.11 or newer and found {}.{}: install it with `apt-get install python3.11-venv` "
            "(or your system's way), then `make PYTHON=python3.11 ...`.".format(*sys.version_info)
        )
    stamp = VENV / "installed"
    wanted = hashlib.sha256(
        b"".join(path.read_bytes() for path in (*LOCKS, ROOT / "pyproject.toml"))
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    cache = _cache_dir()
    environment = dict(os.environ, PIP_CACHE_DIR=str(cache / "pip"), UV_CACHE_DIR=str(cache / "uv"))
    environment.update(VIRTUAL_ENV=str(VENV), PIP_DISABLE_PIP_VERSION_CHECK="1")
    if not (VENV / "bin" / "python").exists():
        _run([sys.executable, "-m", "venv", str(VENV)], environment)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
    _run([*pip, "-r", str(LOCKS[0])], environment)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet"]
    _install([*uv, "--require-hashes", "-r", str(LOCKS[1])], environment)
    _run(
        [*uv, "--no-deps", "--no-build-isolation", "-C", "editable_mode=compat", "-e", str(ROOT)], environment
    )
    stamp.write_text(wanted)


def _cache_dir() -> Path:
    """As `core.settings.Settings.cache_dir`, which needs what is yet to be installed."""
    chosen = os.environ.get("ORDERPULSE_STACK__CACHE_DIR")
    if chosen:
        return ROOT / chosen
    if os.geteuid() == 0:
        return Path("/var/cache/orderpulse")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orderpulse"


def _install(command: list[str], environment: dict[str, str]) -> None:
    """From the cache where it holds everything, in a second; else uv would ask the registry about each
    package, and build anew those that come as sources.
    """
    offline = subprocess.run([*command, "--offline"], env=environment, capture_output=True, check=False)
    if offline.returncode != 0:
        _run(command, environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    answer = subprocess.run(command, env=environment, check=False)
    if answer.returncode != 0:
        sys.exit(
            "The virtual environment could not be made: `{}` failed; see above.".format(" ".join(command))
        )


if __name__ == "__main__":
    main()
