"""Ports of this machine: which process uses one, and which hosts are this machine."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

import psutil

from core.browser import is_loopback
from core.errors import StackError

FIRST_FREE_PORT, FIRST_EPHEMERAL_PORT = 15_000, 32_768


@dataclass(frozen=True, slots=True)
class PortHolder:
    """The process that listens on a port, as far as the system reveals it."""

    port: int
    pid: int | None
    program: str

    def __str__(self) -> str:
        if self.pid is None:
            return f"port {self.port} is used by a process of another user"
        return f"port {self.port} is used by {self.program} (pid {self.pid})"


def port_holder(port: int) -> PortHolder | None:
    """The process that listens on a TCP port of this machine; None if it is free."""
    if not is_open(port) and _can_bind(port):
        return None
    pid = listeners().get(port)
    if pid is None:
        return PortHolder(port, None, "")
    try:
        return PortHolder(port, pid, psutil.Process(pid).name())
    except psutil.NoSuchProcess:
        return None


def listeners() -> dict[int, int]:
    """Listening process by TCP port, as far as the system reveals it."""
    try:
        return _listening(psutil.net_connections("tcp"))
    except psutil.AccessDenied:
        return _listeners_of_own_processes()


def is_open(port: int, timeout_s: float = 1.0) -> bool:
    """Whether something on this machine accepts connections on `port`."""
    try:
        with socket.create_connection(("localhost", port), timeout=timeout_s):
            return True
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Distinct free ports of the loopback interface.

    They are drawn at random from below the ephemeral range, so that
    no outgoing connection takes one before a server does.
    """
    random, found = SystemRandom(), list[int]()
    while len(found) < count:
        port = random.randrange(FIRST_FREE_PORT, FIRST_EPHEMERAL_PORT)
        if port not in found and not is_open(port) and _can_bind(port):
            found.append(port)
    return found


def require_loopback(host: str, what: str) -> None:
    """Raise `StackError` unless `host` is this machine's loopback interface."""
    if not is_loopback(host):
        raise StackError(
            f"The settings place {what} on {host}, which is not this machine's loopback interface, so it cannot be "
            "started here. Start the other programs with `--only`, or set its host to localhost."
        )


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _listening(connections: Iterable[Any], pid: int | None = None) -> dict[int, int]:
    found = {}
    for connection in connections:
        owner = pid or connection.pid
        if connection.status == psutil.CONN_LISTEN and owner is not None:
            found[connection.laddr.port] = owner
    return found


def _listeners_of_own_processes() -> dict[int, int]:
    found: dict[int, int] = {}
    for process in psutil.process_iter():
        try:
            found |= _listening(process.net_connections("tcp"), process.pid)
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found
