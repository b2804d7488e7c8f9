"""The doctor's findings on real sockets, files and servers, good and bad."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.settings import Environment, PostgresSettings, Settings
from stack.doctor import examine
from stack.doctor.finding import Finding
from stack.doctor.rules import files, rules
from stack.doctor.running import checkpoints, exposure, losses, role
from stack.doctor.wire import wire
from stack.host.environment import child_environment
from stack.host.ports import free_ports
from stack.host.private_files import write_private
from stack.local.status import notices
from stack.secure import authority as authority_module
from stack.secure.authority import Authority
from stack.secure.identities import secret
from stack.servers.postgres.server import superuser_settings
from tests.platform_rows import PlatformRows


def changed(settings: Settings, **groups: dict[str, Any]) -> Settings:
    """The settings with some fields replaced."""
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update=fields) for name, fields in groups.items()}
    )


def in_production(settings: Settings) -> Settings:
    return settings.model_copy(update={"environment": Environment.PRODUCTION})


def only(findings: Iterator[Finding]) -> Finding:
    (found,) = findings
    return found


@contextmanager
def tls_server(folder: Path, signer: Authority, host: str) -> Iterator[int]:
    """A server that only shakes hands, with a certificate for `host`; the port it listens on."""
    file = folder / "server.pem"
    write_private(file, signer.issue("a broker", [host]).to_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with suppress(OSError), peer, context.wrap_socket(peer, server_side=True):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def seen_on_the_wire(settings: Settings, port: int, authority: Path) -> Finding:
    """The findings on Kafka at a port."""
    kafka = {
        "bootstrap_servers": f"localhost:{port}",
        "security_protocol": "SASL_SSL",
        "ca_file": authority,
    }
    return next(wire(changed(settings, kafka=kafka)))


@pytest.fixture
def signer() -> Authority:
    return Authority.make()


@pytest.fixture
def trusted(signer: Authority, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(signer.pair.public_pem())
    return path


def test_a_good_certificate_is_reported_with_its_days(
    settings: Settings, tmp_path: Path, signer: Authority, trusted: Path
) -> None:
    with tls_server(tmp_path, signer, "localhost") as port:
        found = seen_on_the_wire(settings, port, trusted)
    assert (found.grade, found.subject) == ("ok", f"Kafka at localhost:{port}")
    assert found.seen == "TLSv1.3, certificate of a broker, 364 days left"


def test_a_certificate_that_ends_soon_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, signer: Authority, trusted: Path
) -> None:
    monkeypatch.setattr(authority_module, "SERVER_DAYS", 29)
    with tls_server(tmp_path, signer, "localhost") as port:
        found = seen_on_the_wire(settings, port, trusted)
    assert found.grade == "warning"
    assert "28 days left: renew it" in found.seen
    assert found.well


def test_a_server_that_cannot_be_believed_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, signer: Authority, trusted: Path
) -> None:
    with tls_server(tmp_path, signer, "elsewhere.example") as port:
        assert "Hostname mismatch" in seen_on_the_wire(settings, port, trusted).seen
    with tls_server(tmp_path, Authority.make(), "localhost") as port:
        assert "not trusted" in seen_on_the_wire(settings, port, trusted).seen
    monkeypatch.setattr(authority_module, "CLOCK_TOLERANCE", timedelta(days=9))
    monkeypatch.setattr(authority_module, "SERVER_DAYS", -1)
    with tls_server(tmp_path, signer, "localhost") as port:
        found = seen_on_the_wire(settings, port, trusted)
    assert (found.grade, "expired" in found.seen) == ("PROBLEM", True)
    assert "cannot be read" in seen_on_the_wire(settings, port, tmp_path / "none.pem").seen


def test_a_server_without_tls_is_a_problem(
    settings: Settings, postgres_server: PostgresSettings, trusted: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = changed(
            settings,
            kafka={"bootstrap_servers": f"localhost:{listener.getsockname()[1]}"},
            postgres={"sslmode": "verify-full", "ca_file": trusted, "port": postgres_server.port},
        )
        assert [each.grade for each in wire(found)] == ["ok", "PROBLEM"]
        kafka, postgres = wire(in_production(found))
    assert "passwords and data are readable in transit" in kafka.seen
    assert postgres.seen == "the server does not support TLS"


def test_who_does_not_answer_is_a_problem_only_if_it_must(settings: Settings, trusted: Path) -> None:
    port = free_ports(1)[0]
    kafka = {"bootstrap_servers": f"localhost:{port}", "security_protocol": "SASL_SSL", "ca_file": trusted}
    planned = changed(settings, kafka=kafka)
    assert next(wire(planned)).well
    assert not next(wire(in_production(planned))).well


def test_a_superuser_is_a_problem_in_production(
    settings: Settings, postgres_server: PostgresSettings
) -> None:
    assert only(role(settings)).seen == "connected as app, which is not a superuser"
    assert only(role(in_production(settings))).well
    almighty = settings.model_copy(update={"postgres": superuser_settings(settings)})
    assert only(role(almighty)).seen.endswith("as on a developer's machine")
    assert only(role(in_production(almighty))).grade == "PROBLEM"
    closed = changed(settings, postgres={"port": free_ports(1)[0]})
    assert only(role(closed)).well
    assert "cannot be checked" in only(role(in_production(closed))).seen


@pytest.mark.parametrize(("host", "grade"), [("127.0.0.1", "ok"), ("0.0.0.0", "PROBLEM")])
def test_what_knows_no_passwords_must_listen_on_loopback(settings: Settings, host: str, grade: str) -> None:
    with socket.create_server((host, 0)) as listener:
        port = listener.getsockname()[1]
        findings = {
            each.subject: each for each in exposure(changed(settings, dagster={"webserver_port": port}))
        }
    found = findings[f"dagster_webserver on port {port}"]
    assert (found.grade, host in found.seen) == (grade, True)
    assert {each.grade for each in findings.values() if each is not found} == {"ok"}


def test_secrets_that_others_may_read_are_a_problem(settings: Settings, tmp_path: Path) -> None:
    own = changed(settings, stack={"data_dir": tmp_path})
    assert list(files(own)) == []
    secret(own, "owner")
    (tmp_path / "certificates").mkdir()
    key = tmp_path / "certificates" / "kafka.pem"
    write_private(key, Authority.make().pair.to_pem())
    (tmp_path / "certificates" / "ca.pem").write_bytes(Authority.make().pair.public_pem())
    assert [each.grade for each in files(own)] == ["ok", "ok"]
    key.chmod(0o644)
    passwords, keys = files(own)
    assert (passwords.grade, keys.grade) == ("ok", "PROBLEM")
    assert f"{key} is open to others (mode 0644)" in keys.seen


def test_the_checkpoints_are_found(settings: Settings, tmp_path: Path) -> None:
    own = changed(settings, stream={"checkpoint_dir": tmp_path / "stream"})
    assert "none in" in only(checkpoints(own)).seen
    (tmp_path / "stream" / "kpi_1m").mkdir(parents=True)
    (tmp_path / "stream" / "kpi_1m" / "metadata").write_text("{}")
    assert only(checkpoints(own)).seen == f"of kpi_1m in {tmp_path / 'stream'}, 0 MiB"


def test_an_open_platform_is_fine_in_development(settings: Settings) -> None:
    found = only(rules(settings))
    assert found.well
    assert "production would refuse ORDERPULSE_POSTGRES__PASSWORD" in found.seen


def test_each_rule_is_reported_in_production(settings: Settings) -> None:
    found = {each.subject: each.grade for each in rules(in_production(settings))}
    assert found["ORDERPULSE_LOG_LEVEL"] == "ok"
    assert found["ORDERPULSE_KAFKA__SECURITY_PROTOCOL"] == "PROBLEM"
    assert list(examine(in_production(settings)))


def test_the_command_fails_if_there_is_a_problem(settings: Settings) -> None:
    """It also looks at settings with which nothing would start."""
    answer = subprocess.run(
        [sys.executable, "-m", "stack", "doctor"],
        env=child_environment(in_production(settings)),
        cwd=settings.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    assert "PROBLEM ORDERPULSE_POSTGRES__PASSWORD: is the default password" in answer.stdout
    assert "ok      Python: " in answer.stdout
    assert answer.stderr == ""


def test_lost_records_are_reported_by_the_doctor_and_by_status(
    settings: Settings, database: PostgresSettings, connection: Any, tmp_path: Path
) -> None:
    rows = PlatformRows.over(settings, database, connection, tmp_path)
    assert only(losses(rows.settings)).grade == "ok"
    assert notices(rows.settings) == []
    rows.lost("events_clean", 101, 107)
    found = only(losses(rows.settings))
    assert (found.grade, found.subject) == ("warning", "records")
    assert "6 records of partition 0 (offsets 101 to 106)" in found.seen
    (line,) = notices(rows.settings)
    assert line.startswith("Records were lost. Kafka deleted records before they were read")
    away = changed(rows.settings, postgres={"port": free_ports(1)[0]})
    assert (list(losses(away)), notices(away)) == ([], []), "others say that the database is away"
