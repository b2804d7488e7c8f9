"""The dashboard's files, built from `frontend/` once for each state of its sources."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from core.errors import StackError
from core.settings import Settings
from stack.host.prerequisite import NODE

NOT_SOURCES = {"node_modules", "dist", "coverage"}


def is_built(settings: Settings) -> bool:
    """Whether the built files match the current sources."""
    return _read(_folder(settings) / "dist" / "built") == _fingerprint(_folder(settings))


def ensure_frontend(settings: Settings) -> None:
    """Build the dashboard unless it is built. Raises `PrerequisiteError`, or `StackError` with the tool's output."""
    with FileLock(_folder(settings) / ".build.lock"):
        if is_built(settings):
            return
        _install(settings)
        _npm(settings, "run", "build")
        stamp = _folder(settings) / "dist" / "built"
        stamp.write_text(_fingerprint(_folder(settings)), encoding="utf-8")


def ensure_packages(settings: Settings) -> None:
    """Install the packages in `package-lock.json`, unless they are installed. Raises like `ensure_frontend`."""
    with FileLock(_folder(settings) / ".build.lock"):
        _install(settings)


def _install(settings: Settings) -> None:
    lock = hashlib.sha256((_folder(settings) / "package-lock.json").read_bytes()).hexdigest()
    stamp = _folder(settings) / "node_modules" / ".installed"
    if _read(stamp) != lock:
        # Install scripts do not run.
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts")
        _npm(settings, "ci", "--include=dev", *quiet, "--cache", str(settings.cache_dir / "npm"))
        stamp.write_text(lock, encoding="utf-8")


def _npm(settings: Settings, *arguments: str) -> None:
    answer = subprocess.run(
        [NODE.find(), *arguments],
        cwd=_folder(settings),
        env=os.environ | {"NPM_CONFIG_UPDATE_NOTIFIER": "false"},  # with the variables for package sources
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip()[:1500]
        raise StackError(f"The dashboard could not be built: npm {' '.join(arguments)} failed:\n{said}")


def _folder(settings: Settings) -> Path:
    return settings.root / "frontend"


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_sources(folder)):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name in NOT_SOURCES or entry.name.endswith((".lock", ".tsbuildinfo")):
            continue
        if entry.is_file():
            yield entry
        else:
            yield from (path for path in entry.rglob("*") if path.is_file())


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
