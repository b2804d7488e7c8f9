"""Create the virtual environment of this checkout: run by any Python, before anything is installed.

Every package comes from a lock file with hashes, and is kept in the cache folder.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Python runs isolated, so this folder is not on its path

from stack.host.variables import for_command  # noqa: E402  # as above

VENV = ROOT / ".venv"
LOCKS = (ROOT / "bootstrap.lock", ROOT / "requirements.lock")
OLDEST = (3, 11)
COMMAND = """#!/bin/sh
# Isolated (-I): ignores PYTHONPATH, PYTHONHOME and the like of the caller's shell. The locale is
# for Python's own start, which reads the name of this folder.
export LC_ALL=C.UTF-8
exec "$(dirname "$(readlink -f "$0")")/python" -I -m stack "$@"
"""


def main() -> None:
    """Install the packages in the lock files, and the project itself, unless they are installed."""
    if sys.version_info < OLDEST:
        sys.exit(
            "orderpulse needs Python 3.11 or newer and found {}.{}: install it with `apt-get install python3.11-venv` "
            "(or your system's way), then `make PYTHON=python3.11 ...`.".format(*sys.version_info)
        )
    stamp = VENV / "installed"
    wanted = hashlib.sha256(
        b"".join(path.read_bytes() for path in (*LOCKS, ROOT / "pyproject.toml", Path(__file__)))
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    cache = _cache_dir()
    environment = for_command(os.environ)
    environment.update(PIP_CACHE_DIR=str(cache / "pip"), UV_CACHE_DIR=str(cache / "uv"))
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
    write_command(VENV / "bin" / "orderpulse")
    stamp.write_text(wanted)


def _cache_dir() -> Path:
    """Like `core.settings.Settings.cache_dir`, which needs packages that are not yet installed."""
    chosen = os.environ.get("ORDERPULSE_STACK__CACHE_DIR")
    if chosen:
        return ROOT / chosen
    if os.geteuid() == 0:
        return Path("/var/cache/orderpulse")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orderpulse"


def write_command(path: Path) -> None:
    """Write the command, replacing pip's entry point script, which cannot pass options to Python."""
    path.unlink(missing_ok=True)
    path.write_text(COMMAND)
    path.chmod(0o755)


def _install(command: list[str], environment: dict[str, str]) -> None:
    """Run an install command, first offline: with a complete cache it takes a second; online, uv would query
    the registry for each package and rebuild source packages.
    """
    offline = subprocess.run([*command, "--offline"], env=environment, capture_output=True, check=False)
    if offline.returncode != 0:
        _run(command, environment)


def _run(command: list[str], environment: dict[str, str]) -> None:
    answer = subprocess.run(command, env=environment, check=False)
    if answer.returncode != 0:
        sys.exit(
            "The virtual environment could not be created: `{}` failed; see above.".format(" ".join(command))
        )


if __name__ == "__main__":
    main()
