"""Checks of this machine before a start."""

import shutil
import sys
from collections.abc import Callable, Iterator
from typing import get_args

import psutil

from control.process_manager import socket_path
from core.errors import OrderpulseError, PrerequisiteError
from core.jars import JarSet
from core.settings import Settings
from stack.doctor.finding import Finding, fine, is_running, problem
from stack.host.folders import check_folders
from stack.host.prerequisite import JAVA, NODE
from stack.local.machine import check_ports
from stack.local.programs import programs_of
from stack.servers.jars import missing_jars
from stack.servers.postgres import server as postgres_server

GIB = 1024**3
NEEDED_MEMORY_GIB = 3
NEEDED_WHILE_RUNNING_GIB = 0.25
NEEDED_DISK_GIB = 2

Look = Callable[[Settings], str]
"""Returns what was seen; raises an `OrderpulseError` if that prevents a start."""


def machine(settings: Settings) -> Iterator[Finding]:
    """Yield findings on what `up` needs."""
    looks: dict[str, Look] = {
        "Python": _python,
        "Java": _java,
        "Node.js": _node,
        "memory": _memory,
        "disk": _disk,
        "folders": _folders,
        "jars": _jars,
        "ports": _ports,
        "data": _data,
    }
    return _findings(settings, looks)


def server_machine(settings: Settings) -> Iterator[Finding]:
    """Yield findings on what a single program needs if others run the servers."""
    return _findings(settings, {"Python": _python, "memory": _memory, "disk": _disk})


def _findings(settings: Settings, looks: dict[str, Look]) -> Iterator[Finding]:
    for subject, look in looks.items():
        try:
            yield fine(subject, look(settings))
        except OrderpulseError as error:
            yield problem(subject, str(error))


def _python(_: Settings) -> str:
    return f"{sys.version.split()[0]} in {sys.prefix}"


def _java(_: Settings) -> str:
    program = JAVA.find()
    return f"version {JAVA.version(program)}, {program}"


def _node(_: Settings) -> str:
    program = NODE.find().with_name("node")
    return f"version {NODE.version(program)}, {program}"


def _memory(settings: Settings) -> str:
    available = psutil.virtual_memory().available / GIB
    needed = NEEDED_WHILE_RUNNING_GIB if is_running(settings) else NEEDED_MEMORY_GIB
    if available < needed:
        raise PrerequisiteError(f"{available:.1f} GiB are available; {needed} are needed.")
    return f"{available:.1f} GiB available"


def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(settings.root).free / GIB
    if free < NEEDED_DISK_GIB:
        raise PrerequisiteError(
            f"{free:.1f} GiB are free in {settings.root}; a day of events needs {NEEDED_DISK_GIB}."
        )
    return f"{free:.1f} GiB free"


def _folders(settings: Settings) -> str:
    check_folders(settings)
    return "usable and writable"


def _jars(settings: Settings) -> str:
    missing = sum(len(missing_jars(settings, name)) for name in get_args(JarSet))
    place = settings.cache_dir / "jars"
    return f"all in {place}, checksums correct" if not missing else f"{missing} to be downloaded into {place}"


def _ports(settings: Settings) -> str:
    check_ports(settings, programs_of(settings))
    return "free, or ours"


def _data(settings: Settings) -> str:
    socket_path(settings)
    return f"in {settings.data_dir}; PostgreSQL's in {postgres_server.cluster_home(settings)}"
