"""Each process does its work on a secured broker; everyone else, and everything else, is refused in words."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import psutil
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AclOperation, AdminClient, ResourceType
from pydantic import SecretStr

from core import kafka
from core.errors import BrokerError, SettingsError, StackError
from core.settings import KafkaSettings, Settings
from core.topics import EVENTS_RAW
from stack.host.environment import child_environment
from stack.secure.authority import Authority, Pair
from stack.secure.certificates import trusted_file
from stack.secure.identities import IDENTITIES, IdentityName, as_identity, secret
from stack.servers.kafka import rights as kafka_rights
from stack.servers.kafka.nodes import kafka_node
from tests.security.secured_kafka import as_user, code_of, read_first, secured_settings, send

TOPIC = EVENTS_RAW.name
LIMIT_S = 20.0
SOON_S = 10.0


def _run(settings: Settings, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=child_environment(settings),
        cwd=settings.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _generate(settings: Settings) -> subprocess.CompletedProcess[str]:
    return _run(settings, "generator", "--count", "20", "--max", "--no-heartbeat")


def _with(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update={"kafka": settings.kafka.model_copy(update=changes)})


def test_each_process_does_its_work(secured_kafka: Settings) -> None:
    sent = _generate(as_identity(secured_kafka, "generator"))
    assert (sent.returncode, sent.stdout) == (0, "20 records acknowledged, 0 not acknowledged\n"), sent.stderr
    send(as_user(secured_kafka, "intake"), TOPIC)
    readers: tuple[IdentityName, ...] = ("spark_stream", "dagster")
    for name in readers:
        user = as_user(secured_kafka, name)
        assert sum(kafka.end_offsets(user, TOPIC).values()) >= 20
        assert read_first(user, TOPIC).value()


Attempt = Callable[[Settings], object]

FORBIDDEN: dict[str, tuple[Attempt, int]] = {
    "the generator reads": (
        lambda settings: read_first(as_user(settings, "generator"), TOPIC),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "intake reads": (
        lambda settings: read_first(as_user(settings, "intake"), TOPIC),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "intake writes elsewhere": (
        lambda settings: send(as_user(settings, "intake"), "payroll"),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "spark writes": (
        lambda settings: send(as_user(settings, "spark_stream"), TOPIC),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "dagster writes": (
        lambda settings: send(as_user(settings, "dagster"), TOPIC),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "the generator writes elsewhere": (
        lambda settings: send(as_user(settings, "generator"), "payroll"),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
    "the generator gives itself rights": (
        lambda settings: _grant(as_user(settings, "generator"), "generator"),
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    ),
    "dagster deletes the topic": (
        lambda settings: _delete(as_user(settings, "dagster")),
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ),
}


@pytest.mark.parametrize("attempt", FORBIDDEN)
def test_nobody_does_anothers_work(secured_kafka: Settings, attempt: str) -> None:
    try_it, expected = FORBIDDEN[attempt]
    with pytest.raises(KafkaException) as raised:
        try_it(secured_kafka)
    assert code_of(raised.value) == expected


def test_only_the_owner_creates_topics(secured_kafka: Settings) -> None:
    with pytest.raises(BrokerError, match="does not allow this to the user orderpulse_dagster"):
        kafka.create_topic(as_user(secured_kafka, "dagster"), EVENTS_RAW, f"test-{uuid.uuid4()}")


def test_the_offsets_of_others_are_refused_at_once(secured_kafka: Settings) -> None:
    name = f"test-{uuid.uuid4()}"
    kafka.create_topic(secured_kafka.kafka, EVENTS_RAW, name)
    started = monotonic()
    with pytest.raises(BrokerError, match="does not allow this to the user orderpulse_dagster"):
        kafka.end_offsets(as_user(secured_kafka, "dagster"), name, LIMIT_S)
    assert monotonic() - started < SOON_S


def _refused(settings: KafkaSettings) -> str:
    """What a client is told; it must be told well before its patience ends."""
    started = monotonic()
    with pytest.raises(BrokerError) as raised:
        kafka.wait_until_reachable(settings, LIMIT_S)
    assert monotonic() - started < SOON_S, raised.value
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    "changes",
    [{"password": SecretStr("wrong")}, {"username": "orderpulse_nobody"}],
    ids=["password", "user"],
)
def test_a_wrong_password_is_reported_with_the_user(
    secured_kafka: Settings, changes: dict[str, object]
) -> None:
    stranger = as_user(secured_kafka, "generator").model_copy(update=changes)
    told = _refused(stranger)
    assert f"refused the login of the user {stranger.username} (" in told
    assert "ORDERPULSE_KAFKA__PASSWORD" in told


def test_without_a_user_no_client_is_made(secured_kafka: Settings) -> None:
    empty = secured_kafka.kafka.model_copy(update={"password": SecretStr("")})
    for nobody in (as_user(secured_kafka, "api"), empty):
        with pytest.raises(SettingsError, match="ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD"):
            kafka.wait_until_reachable(nobody, LIMIT_S)


def test_tls_without_a_login_is_cut_off(secured_kafka: Settings) -> None:
    client = AdminClient(
        {
            "bootstrap.servers": secured_kafka.kafka.bootstrap_servers,
            "security.protocol": "SSL",
            "ssl.ca.location": str(trusted_file(secured_kafka)),
            "log_level": 0,
        }
    )
    with pytest.raises(KafkaException):
        client.list_topics(timeout=3)


def test_a_plaintext_client_gets_a_hint(secured_kafka: Settings) -> None:
    plain = secured_kafka.kafka.model_copy(update={"security_protocol": "PLAINTEXT"})
    with pytest.raises(BrokerError, match=r"did not respond to PLAINTEXT within 2 s .* is this its protocol"):
        kafka.wait_until_reachable(plain, 2)


def test_an_authority_that_did_not_sign_is_not_trusted(secured_kafka: Settings, tmp_path: Path) -> None:
    other = tmp_path / "ca.pem"
    other.write_bytes(Authority.make().pair.public_pem())
    told = _refused(secured_kafka.kafka.model_copy(update={"ca_file": other}))
    assert "a certificate that is not trusted" in told
    assert str(other) in told


def test_a_certificate_for_another_name_is_not_trusted(secured_kafka: Settings) -> None:
    authority = Authority(Pair.read((trusted_file(secured_kafka).with_name("authority.pem")).read_bytes()))
    with _impostor(authority.issue("impostor", ["elsewhere.example"])) as port:
        told = _refused(secured_kafka.kafka.model_copy(update={"bootstrap_servers": f"localhost:{port}"}))
    assert "a certificate that is not trusted" in told


@contextmanager
def _impostor(pair: Pair) -> Iterator[int]:
    """A server with that certificate, which hangs up after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with socket.create_server(("127.0.0.1", 0)) as server, _as_file(pair) as file:
        context.load_cert_chain(file)

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@contextmanager
def _as_file(pair: Pair) -> Iterator[str]:
    """The file that a pair is in, as the library that reads it wants it."""
    descriptor = os.memfd_create("pair")
    try:
        os.write(descriptor, pair.to_pem())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("port", ["clients", "controller"])
def test_an_older_tls_is_refused(secured_kafka: Settings, port: str) -> None:
    node = kafka_node(secured_kafka, 1)
    number = node.port if port == "clients" else node.controller_port
    context = ssl.create_default_context(cafile=str(trusted_file(secured_kafka)))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("localhost", number)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


def test_the_controller_wants_a_brokers_certificate(secured_kafka: Settings) -> None:
    context = ssl.create_default_context(cafile=str(trusted_file(secured_kafka)))
    with (
        socket.create_connection(("localhost", kafka_node(secured_kafka, 1).controller_port)) as plain,
        pytest.raises(ssl.SSLError, match=r"bad certificate|certificate required"),
        context.wrap_socket(plain, server_hostname="localhost") as encrypted,
    ):
        encrypted.recv(
            1
        )  # in TLS 1.3 the server judges the client after the client's own handshake has ended


def test_a_record_of_100_mb_is_refused(secured_kafka: Settings) -> None:
    user, huge = as_user(secured_kafka, "generator"), bytes(100_000_000)
    with pytest.raises(KafkaException) as raised:
        send(user, TOPIC, huge)
    assert code_of(raised.value) == KafkaError.MSG_SIZE_TOO_LARGE
    with pytest.raises(KafkaException) as raised:  # by a client without a limit of its own
        send(user, TOPIC, os.urandom(2_000_000), **{"message.max.bytes": 200_000_000})
    assert code_of(raised.value) == KafkaError.MSG_SIZE_TOO_LARGE
    with pytest.raises(KafkaException):  # cut off before the broker has taken it in
        send(user, TOPIC, huge, **{"message.max.bytes": 200_000_000, "message.timeout.ms": 3_000})
    send(user, TOPIC)


@pytest.mark.parametrize("program", ["generator", "spark_jobs.stream"])
def test_a_refused_process_ends_with_one_sentence(secured_kafka: Settings, program: str) -> None:
    user: IdentityName = "generator" if program == "generator" else "spark_stream"
    stranger = _with(as_identity(secured_kafka, user), password=SecretStr("wrong"))
    arguments = ["--no-heartbeat"] if program == "generator" else []
    ended = _run(stranger, program, *arguments)
    assert ended.returncode == 1
    assert f"refused the login of the user orderpulse_{user} (" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_process_without_the_right_ends_with_one_sentence(secured_kafka: Settings) -> None:
    reader = as_identity(secured_kafka, "spark_stream")
    ended = _generate(reader)
    assert ended.returncode == 1
    assert "does not allow this to the user orderpulse_spark_stream" in ended.stderr
    assert "Traceback" not in ended.stderr


def _delete(settings: KafkaSettings) -> None:
    client = AdminClient(kafka.client_config(settings))
    client.delete_topics([TOPIC])[TOPIC].result()


def _grant(settings: KafkaSettings, name: IdentityName) -> None:
    binding = kafka_rights._allowed(f"orderpulse_{name}", ResourceType.TOPIC, TOPIC, AclOperation.READ)
    client = AdminClient(kafka.client_config(settings))
    client.create_acls([binding])[binding].result()


def test_rights_beyond_those_listed_are_taken_away(secured_kafka: Settings) -> None:
    send(secured_kafka.kafka, TOPIC)
    _grant(secured_kafka.kafka, "generator")
    assert read_first(as_user(secured_kafka, "generator"), TOPIC).error() is None
    kafka_rights.apply_rights(secured_kafka)
    kafka_rights.apply_rights(secured_kafka)
    with pytest.raises(KafkaException) as raised:
        read_first(as_user(secured_kafka, "generator"), TOPIC)
    assert code_of(raised.value) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_shops_producer_may_write_and_nothing_else(secured_kafka: Settings) -> None:
    user, password = kafka_rights.admit_producer(secured_kafka, "till-7")
    shop = secured_kafka.kafka.model_copy(update={"username": user, "password": SecretStr(password)})
    kafka_rights.apply_rights(secured_kafka)
    send(shop, TOPIC)
    with pytest.raises(KafkaException) as raised:
        read_first(shop, TOPIC)
    assert code_of(raised.value) == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("name", ["", "Till", "a b", "x]y", "till,iterations=1", "a" * 40])
def test_a_producers_name_is_checked(secured_kafka: Settings, name: str) -> None:
    with pytest.raises(StackError, match="is not a valid producer name"):
        kafka_rights.admit_producer(secured_kafka, name)


def test_no_password_is_on_a_command_line_or_readable_by_others(tmp_path: Path) -> None:
    settings = secured_settings(tmp_path)
    names = [each.name for each in IDENTITIES.values() if each.kafka] + ["kafka_broker"]
    passwords = {name: secret(settings, name) for name in names}
    script = "from stack.servers.kafka import broker as b; from core.settings import load_settings as s; b.prepare(s()); b.command(s())"
    seen: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", script], env=child_environment(settings), cwd=settings.root
    ) as preparing:
        while preparing.poll() is None:
            seen += _command_lines(preparing.pid)
    assert preparing.returncode == 0
    assert any("StorageTool" in line for line in seen), "the tool was seen at its work"
    assert not [name for name, password in passwords.items() if any(password in line for line in seen)]
    private = [
        path
        for path in settings.data_dir.rglob("*")
        if path.is_file() and any(password.encode() in path.read_bytes() for password in passwords.values())
    ]
    assert settings.data_dir / "kafka" / "server.properties" in private
    assert [path for path in private if path.stat().st_mode & 0o077] == []


def _command_lines(pid: int) -> list[str]:
    try:
        return [" ".join(child.cmdline()) for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
