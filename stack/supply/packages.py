"""Every package that a lock file lists, with the checksums by which it is verified."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stack.jars import read_lock

__all__ = [
    "IMAGE_LOCK",
    "PYTHON_LOCKS",
    "ROOT",
    "Ecosystem",
    "Package",
    "all_packages",
    "jars",
    "npm",
    "python",
]

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = (ROOT / "bootstrap.lock", ROOT / "requirements.lock")
IMAGE_LOCK = ROOT / "deploy" / "requirements.lock"
"""What the containers have of it, without the tools of development."""

NPM_LOCK = ROOT / "frontend" / "package-lock.json"

Ecosystem = Literal["pypi", "npm", "maven"]
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)((?: *\\?\n? +--hash=\S+)*)", re.MULTILINE)
HASH = re.compile(r"--hash=(\w+):([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class Package:
    """One package. `hashes` are (algorithm, hexadecimal digest) pairs of the files that may be taken for it.

    `licence`: what the lock file itself says. `bundled`: it comes inside another package, under that one's hash.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    licence: str | None = None
    bundled: bool = False


def all_packages() -> list[Package]:
    """Those of Python, of npm and the jars, each sorted."""
    return [*sorted_(python()), *sorted_(npm()), *sorted_(jars())]


def python(locks: Iterable[Path] = PYTHON_LOCKS) -> Iterator[Package]:
    """What `requirements.lock` and `bootstrap.lock` list."""
    for path in locks:
        for name, version, hashes in REQUIREMENT.findall(path.read_text(encoding="utf-8")):
            yield Package("pypi", name, version, tuple(HASH.findall(hashes)))


def npm() -> Iterator[Package]:
    """What the dashboard's lock lists; a package that several others bring is there once a version."""
    for path, entry in json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"].items():
        if path:
            name = entry.get("name") or path.rpartition("node_modules/")[2]
            hashes = tuple(_integrity(each) for each in entry.get("integrity", "").split())
            bundled = entry.get("inBundle", False)
            yield Package("npm", name, entry["version"], hashes, entry.get("license"), bundled)


def jars() -> Iterator[Package]:
    """What `stack/jars.lock` lists; `name` is `group:artifact`."""
    for listed in read_lock().values():
        for jar in listed:
            name, _, version = jar.coordinate.rpartition(":")
            yield Package("maven", name, version, (("sha256", jar.sha256),))


def sorted_(packages: Iterator[Package]) -> list[Package]:
    """Each once, by name and version."""
    return sorted(set(packages), key=lambda each: (each.name, each.version))


def _integrity(text: str) -> tuple[str, str]:
    """A hash as npm writes it (W3C, Subresource Integrity) as algorithm and hexadecimal digest."""
    algorithm, _, digest = text.partition("-")
    return algorithm, base64.b64decode(digest).hex()
