"""Every package that a lock file lists, with the checksums by which it is verified."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stack.servers.jars import read_lock

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = (ROOT / "bootstrap.lock", ROOT / "requirements.lock")

NPM_LOCK = ROOT / "frontend" / "package-lock.json"

Ecosystem = Literal["pypi", "npm", "maven"]
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)((?: *\\?\n? +--hash=\S+)*)", re.MULTILINE)
HASH = re.compile(r"--hash=(\w+):([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Package:
    """One package. `hashes` are (algorithm, hexadecimal digest) pairs of its accepted files.

    `licence`: from the lock file. `bundled`: it is inside another package, covered by that one's hash.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    licence: str | None = None
    bundled: bool = False


def all_packages() -> list[Package]:
    """The Python and npm packages and the jars, each sorted."""
    return [*sorted_(python()), *sorted_(npm()), *sorted_(jars())]


def python(locks: Iterable[Path] = PYTHON_LOCKS) -> Iterator[Package]:
    """The packages in `requirements.lock` and `bootstrap.lock`."""
    for path in locks:
        for name, version, hashes in REQUIREMENT.findall(path.read_text(encoding="utf-8")):
            yield Package("pypi", name, version, tuple(HASH.findall(hashes)))


def npm() -> Iterator[Package]:
    """The packages in the dashboard's lock; each version once."""
    for path, entry in json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"].items():
        if path:
            name = entry.get("name") or path.rpartition("node_modules/")[2]
            hashes = tuple(_integrity(each) for each in entry.get("integrity", "").split())
            bundled = entry.get("inBundle", False)
            yield Package("npm", name, entry["version"], hashes, entry.get("license"), bundled)


def jars() -> Iterator[Package]:
    """The jars in `stack/servers/jars.lock`; `name` is `group:artifact`."""
    for listed in read_lock().values():
        for jar in listed:
            name, _, version = jar.coordinate.rpartition(":")
            yield Package("maven", name, version, (("sha256", jar.sha256),))


def sorted_(packages: Iterator[Package]) -> list[Package]:
    """Each once, by name and version."""
    return sorted(set(packages), key=lambda each: (each.name, each.version))


def _integrity(text: str) -> tuple[str, str]:
    """Algorithm and hexadecimal digest of npm's hash (W3C, Subresource Integrity)."""
    algorithm, _, digest = text.partition("-")
    return algorithm, base64.b64decode(digest).hex()
