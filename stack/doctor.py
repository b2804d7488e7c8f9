"""Look at the machine and say what would be in the way, before it is."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

import psutil

from core.errors import OrderpulseError, PrerequisiteError
from core.jars import JarSet
from core.process_manager import socket_path
from core.settings import Settings
from stack import postgres_server
from stack.jars import missing_jars
from stack.machine import check_ports
from stack.prerequisite import JAVA, NODE
from stack.programs import programs_of

__all__ = ["Finding", "examine"]

GIB = 1024**3
NEEDED_MEMORY_GIB = 3
NEEDED_DISK_GIB = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, whether it is as it should be, and what was seen."""

    subject: str
    well: bool
    seen: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that `up` depends on; changes nothing."""
    looks: dict[str, Callable[[Settings], str]] = {
        "Python": _python,
        "Java": _java,
        "Node.js": _node,
        "memory": _memory,
        "disk": _disk,
        "jars": _jars,
        "ports": _ports,
        "data": _data,
    }
    for subject, look in looks.items():
        try:
            yield Finding(subject, well=True, seen=look(settings))
        except OrderpulseError as error:
            yield Finding(subject, well=False, seen=str(error))


def _python(_: Settings) -> str:
    return f"{sys.version.split()[0]} in {sys.prefix}"


def _java(_: Settings) -> str:
    program = JAVA.find()
    return f"version {JAVA.version(program)}, {program}"


def _node(_: Settings) -> str:
    program = NODE.find().with_name("node")
    return f"version {NODE.version(program)}, {program}"


def _memory(_: Settings) -> str:
    available = psutil.virtual_memory().available / GIB
    if available < NEEDED_MEMORY_GIB:
        raise PrerequisiteError(f"{available:.1f} GiB are available; the platform takes {NEEDED_MEMORY_GIB}.")
    return f"{available:.1f} GiB available"


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.root).free / GIB
    if free < NEEDED_DISK_GIB:
        raise PrerequisiteError(
            f"{free:.1f} GiB are free in {settings.root}; a day of events takes {NEEDED_DISK_GIB}."
        )
    return f"{free:.1f} GiB free"


def _jars(settings: Settings) -> str:
    missing = sum(len(missing_jars(settings, name)) for name in get_args(JarSet))
    place = settings.cache_dir / "jars"
    return f"all in {place}, checksums right" if not missing else f"{missing} to be fetched into {place}"


def _ports(settings: Settings) -> str:
    check_ports(settings, programs_of(settings))
    return "free, or ours"


def _data(settings: Settings) -> str:
    socket_path(settings)
    return f"in {settings.data_dir}; PostgreSQL's in {postgres_server.cluster_home(settings)}"
