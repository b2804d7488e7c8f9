"""Certificates and their authority change while the broker runs and clients are connected."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Message, Producer
from typer.testing import CliRunner

from core import kafka
from core.errors import BrokerError
from core.settings import Settings
from core.topics import EVENTS_RAW
from stack.cli import app
from stack.host.environment import settings_as_environment
from stack.secure.authority import Pair
from stack.secure.certificates import certificates, server_file, trusted_file
from stack.servers.kafka.nodes import kafka_node
from tests.security.secured_kafka import as_user, send

TOPIC = EVENTS_RAW.name


@pytest.fixture
def platform(secured_kafka: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The broker's settings, for the command line too."""
    for name, value in settings_as_environment(secured_kafka).items():
        monkeypatch.setenv(name, value)
    return secured_kafka


def _certs(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["certs", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def _shown(settings: Settings) -> set[int]:
    """Serial numbers of the certificates that the broker shows to clients and to other controllers."""
    node = kafka_node(settings, 1)
    context = ssl.create_default_context(cafile=str(trusted_file(settings)))
    context.load_cert_chain(server_file(settings, "kafka"))
    serials = set()
    for port in (node.port, node.controller_port):
        with (
            socket.create_connection(("localhost", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as encrypted,
        ):
            certificate = encrypted.getpeercert()
            assert certificate is not None
            serials.add(int(str(certificate["serialNumber"]), 16))
    return serials


def _on_disk(settings: Settings) -> set[int]:
    return {Pair.read(server_file(settings, "kafka").read_bytes()).certificate.serial_number}


class Sender:
    """One producer, connected all the time."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(kafka.client_config(as_user(settings, "generator"), acks="all"))
        self._faults: list[object] = []

    def sends(self) -> bool:
        """Whether a record is acknowledged and none was refused so far."""
        self._producer.produce(TOPIC, b"{}", on_delivery=self._note)
        return self._producer.flush(10) == 0 and self._faults == []

    def _note(self, error: object, _: Message) -> None:
        if error is not None:
            self._faults.append(error)


@pytest.fixture
def sender(platform: Settings) -> Iterator[Sender]:
    started = Sender(platform)
    assert started.sends()
    yield started
    assert started.sends(), "a connected client continues"


def test_a_renewed_certificate_is_shown_at_once(platform: Settings, sender: Sender) -> None:
    former = _shown(platform)
    assert former == _on_disk(platform)
    output = _certs("renew", "--host", "broker.example")
    assert "Kafka's node 1 has read its certificate." in output
    assert "broker.example" in output
    assert former.isdisjoint(_on_disk(platform))
    assert _shown(platform) == _on_disk(platform)
    send(as_user(platform, "generator"), TOPIC)


def test_the_authority_changes_without_a_pause(platform: Settings, sender: Sender, tmp_path: Path) -> None:
    before = Path(shutil.copy(trusted_file(platform), tmp_path / "before.pem"))
    _certs("rotate")
    during = Path(shutil.copy(trusted_file(platform), tmp_path / "during.pem"))
    assert "run `orderpulse certs renew`" in _certs("show")
    for trusted in (before, during):
        _reach(platform, trusted)
    assert "broker.example" in _certs("renew"), "names that were asked for once are kept"
    assert _shown(platform) == _on_disk(platform)
    _reach(platform, during)
    with pytest.raises(BrokerError, match="not trusted"):
        _reach(platform, before)
    _certs("retire")
    _reach(platform, trusted_file(platform))
    assert trusted_file(platform).read_text().count("BEGIN CERTIFICATE") == 1
    assert not [each for each in certificates(platform) if each.due]


def _reach(settings: Settings, trusted: Path) -> None:
    kafka.wait_until_reachable(settings.kafka.model_copy(update={"ca_file": trusted}), 10)
