"""`python -m orchestration.manifest`: create dbt's manifest if it is missing or the project has changed.

Dagster's code reads the manifest when it is loaded, so run this before the code server starts.
It takes 0.2 s if nothing has changed.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.errors import OrderpulseError, StackError
from core.settings import load_settings

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
TARGET = PROJECT / "target"
MANIFEST = TARGET / "manifest.json"
MARK = TARGET / "manifest.fingerprint"
PARTIAL = "partial_parse.msgpack"
"""dbt's cache of parsed files."""

SOURCES = ("dbt_project.yml", "profiles.yml", "models", "macros", "materializations", "tests")


def fingerprint() -> str:
    """A hash over the dbt project's files, dbt's version and the database's name."""
    of_dbt = f"{version('dbt-core')} {version('dbt-postgres')} {load_settings().postgres.database}"
    digest = hashlib.sha256(of_dbt.encode())
    for source in SOURCES:
        path = PROJECT / source
        for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
            digest.update(file.relative_to(PROJECT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def ensure_manifest() -> bool:
    """Create the manifest unless it is current; True if it was created. Raises `StackError` with dbt's output."""
    wanted = fingerprint()
    if MANIFEST.exists() and MARK.exists() and MARK.read_text(encoding="utf-8") == wanted:
        return False
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET, prefix="parse-") as scratch:
        if (TARGET / PARTIAL).exists():
            shutil.copy(TARGET / PARTIAL, scratch)
        _parse(Path(scratch))
        # Readers see the old manifest or the new one, never a partial one.
        for name in (PARTIAL, MANIFEST.name):
            (Path(scratch) / name).replace(TARGET / name)
    MARK.write_text(wanted, encoding="utf-8")
    return True


def read_manifest() -> dict[str, Any]:
    """The manifest as JSON. Raises `StackError` if there is none."""
    try:
        manifest: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackError(
            f"{MANIFEST} is missing; create it with `python -m orchestration.manifest`."
        ) from None
    return manifest


def node_ids(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Ids of the models, tests and exposures, from which Dagster's assets and checks are created."""
    return frozenset(manifest["nodes"]) | frozenset(manifest["exposures"])


def _parse(target: Path) -> None:
    command = [
        *(str(Path(sys.executable).with_name("dbt")), "--no-send-anonymous-usage-stats", "--quiet", "parse"),
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(target), "--log-path", str(target)),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        raise StackError(f"dbt cannot read the project: {(answer.stdout + answer.stderr).strip()[-1500:]}")


def main() -> int:
    """Entry point; returns the exit code."""
    try:
        made = ensure_manifest()
    except OrderpulseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{MANIFEST}: {'created' if made else 'is current'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
