"""Download missing jars, and verify every jar against `stack/servers/jars.lock`."""

import hashlib
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from filelock import FileLock

from core.errors import PrerequisiteError
from core.jars import JarSet, jar_dir
from core.settings import Settings
from stack.servers import ivy

LOCK = Path(__file__).parent / "jars.lock"


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: `group:artifact:version` and the checksum of its file."""

    coordinate: str
    sha256: str

    @property
    def filename(self) -> str:
        """Name of its file in the cache, `artifact-version.jar`."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def read_lock(path: Path = LOCK) -> dict[JarSet, list[Jar]]:
    """The sets of jars in the lock."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: [Jar(*line) for line in content[name].items()] for name in get_args(JarSet)}


def verify(jar: Jar, path: Path) -> None:
    """Raise `PrerequisiteError` if the file at `path` does not match the lock."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise PrerequisiteError(
            f"{path.name} is not the file that stack/servers/jars.lock lists (sha256 {found[:12]}..., expected "
            f"{jar.sha256[:12]}...), so it is not used. Remove {path} and try again; if it comes back, "
            "do not trust the server that answers for the repository."
        )


def missing_jars(settings: Settings, name: JarSet) -> list[Jar]:
    """The jars missing in the cache. Raises `PrerequisiteError` if a cached jar was changed."""
    missing = []
    for jar in read_lock()[name]:
        path = jar_dir(settings, name) / jar.filename
        if path.is_file():
            verify(jar, path)
        else:
            missing.append(jar)
    return missing


def ensure_jars(settings: Settings, fetched: Callable[[], None] = lambda: None) -> None:
    """Bring the cache to exactly the jars of the lock, each verified.

    Safe to call concurrently. `fetched` is called for each jar that is downloaded.
    Raises `PrerequisiteError` if one cannot be downloaded or does not match.
    """
    jars = settings.cache_dir / "jars"
    jars.mkdir(parents=True, exist_ok=True)
    with FileLock(jars / ".lock"):
        for name, listed in read_lock().items():
            missing = missing_jars(settings, name)
            if missing:
                _fetch(missing, jar_dir(settings, name), fetched)
            _remove_others(listed, jar_dir(settings, name))


def _fetch(missing: list[Jar], target: Path, fetched: Callable[[], None]) -> None:
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as work:
        ivy.retrieve((jar.coordinate for jar in missing), Path(work), Path(work) / "ivy", fetched)
        for jar in missing:
            path = Path(work) / jar.filename
            verify(jar, path)
            path.replace(target / jar.filename)


def _remove_others(listed: list[Jar], folder: Path) -> None:
    names = {jar.filename for jar in listed}
    for path in folder.glob("*.jar"):
        if path.name not in names:
            path.unlink()
