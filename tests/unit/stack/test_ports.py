"""A taken port is said in words, with who holds it."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.errors import StackError
from core.settings import Settings, load_settings
from stack.host.ports import free_ports, port_holder, require_loopback
from stack.local.machine import check_ports
from stack.local.programs import program


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def on_port(port: int, data_dir: Path) -> Settings:
    return load_settings(postgres={"port": port}, stack={"data_dir": data_dir})


def test_a_free_port_has_no_holder() -> None:
    assert port_holder(free_ports(1)[0]) is None


def test_the_holder_is_named(taken: int) -> None:
    found = port_holder(taken)
    assert str(found) == f"port {taken} is used by {psutil.Process().name()} (pid {os.getpid()})"


def test_a_taken_port_names_who_and_which_setting(taken: int, tmp_path: Path) -> None:
    with pytest.raises(StackError) as raised:
        check_ports(on_port(taken, tmp_path), [program("postgres")])
    for part in (f"port {taken} is used by", f"pid {os.getpid()}", "ORDERPULSE_POSTGRES__PORT"):
        assert part in str(raised.value)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_loopback_is_this_machine(host: str) -> None:
    require_loopback(host, "Kafka")


@pytest.mark.parametrize("host", ["db.example.com", "10.0.0.1"])
def test_another_host_is_not_started_here(host: str) -> None:
    with pytest.raises(StackError, match="Kafka on"):
        require_loopback(host, "Kafka")
