"""Who does not show the right password over the right encryption to the right server gets nowhere, and is told why."""

import re
import socket
import ssl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from core import postgres
from core.errors import DatabaseError
from core.settings import PostgresSettings, Settings
from database import migrate
from stack.host.waiting import wait_until
from stack.secure.authority import Authority
from stack.secure.certificates import renew_certificates, server_file
from stack.secure.identities import IDENTITIES, as_identity, secrets_dir
from stack.servers.postgres import server as postgres_server
from tests.security.secured_postgres import SecuredPostgres, secured_postgres


@pytest.fixture(scope="module")
def server() -> Iterator[SecuredPostgres]:
    with secured_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def owner(server: SecuredPostgres) -> PostgresSettings:
    return server.settings.postgres


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that has signed nothing here."""
    path = tmp_path_factory.mktemp("stranger") / "ca.pem"
    path.write_bytes(Authority.make().pair.public_pem())
    return path


def shown(settings: Settings) -> bytes | None:
    """The certificate that the server shows to a new client (DER)."""
    context = ssl.create_default_context(cafile=settings.postgres.ca_file)
    with socket.create_connection(("127.0.0.1", settings.postgres.port), 5) as plain:
        plain.sendall(struct.pack("!II", 8, 80877103))  # PostgreSQL's SSLRequest
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain, server_hostname="localhost") as encrypted:
            return encrypted.getpeercert(binary_form=True)


def present(settings: Settings) -> bytes:
    """The one that it should show."""
    pem = server_file(settings, "postgres").read_bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def test_who_is_let_in_is_let_in_over_tls_1_3(owner: PostgresSettings) -> None:
    with postgres.connect(owner) as connection:
        row = connection.execute(
            "SELECT ssl, version, current_setting('password_encryption') FROM pg_stat_ssl "
            "WHERE pid = pg_backend_pid()"
        ).fetchone()
    assert row == (True, "TLSv1.3", "scram-sha-256")


def test_the_sinks_driver_verifies_the_server_too(owner: PostgresSettings, stranger: Path) -> None:
    with adbc.connect(postgres.uri(owner)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert cursor.fetchone() == (True,)
    deceived = owner.model_copy(update={"ca_file": stranger})
    with pytest.raises(adbc.Error, match="certificate verify failed"):
        adbc.connect(postgres.uri(deceived))


@dataclass(frozen=True)
class Attempt:
    """What is tried: settings that differ from the right ones, or further parameters of libpq.

    `libpq`: part of libpq's message. `told`: part of ours.
    """

    libpq: str
    told: str
    changed: dict[str, Any] | None = None
    extra: dict[str, Any] | None = None


ATTEMPTS = {
    "no password": Attempt(
        "no password supplied", "refuses the password of the user", {"password": SecretStr("")}
    ),
    "wrong password": Attempt(
        "password authentication failed", "refuses the password of the user", {"password": SecretStr("guess")}
    ),
    "unknown user": Attempt(
        "password authentication failed", "refuses the password of the user", {"user": "orderpulse_nobody"}
    ),
    "plain text": Attempt(
        "no encryption", "Set ORDERPULSE_POSTGRES__SSLMODE=verify-full", {"sslmode": "disable"}
    ),
    "another authority": Attempt("certificate verify failed", "not signed by an authority in"),
    "no authority": Attempt(
        "root certificate file",
        "There is no certificate of an authority",
        {"ca_file": Path("/nowhere/ca.pem")},
    ),
    "another host's certificate": Attempt(
        "does not match host name",
        "not for the host orders.example",
        {"host": "orders.example"},
        {"hostaddr": "127.0.0.1"},
    ),
    "TLS 1.2": Attempt(
        "protocol version",
        "only TLS 1.3",
        extra={"ssl_min_protocol_version": "TLSv1", "ssl_max_protocol_version": "TLSv1.2"},
    ),
    "another's database": Attempt("permission denied", "no right to enter", {"database": "dagster"}),
    "no such database": Attempt("does not exist", "has no database", {"database": "reports"}),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_refused_with_its_reason(
    owner: PostgresSettings, stranger: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    attempt = ATTEMPTS[name]
    changed = attempt.changed or {}
    if name == "another authority":
        changed = {"ca_file": stranger}
    tried = owner.model_copy(update=changed)
    for parameter, value in (attempt.extra or {}).items():
        monkeypatch.setenv(f"PG{parameter.upper().replace('_', '')}", value)
    with pytest.raises(psycopg.OperationalError, match=attempt.libpq):
        postgres.connect(tried)
    with pytest.raises(DatabaseError, match=re.escape(attempt.told)) as caught:
        postgres.wait_until_reachable(tried, 5)
    assert owner.password.get_secret_value() not in str(caught.value)


def test_a_migration_reports_the_reason_too(owner: PostgresSettings, stranger: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be migrated: Its certificate is not signed"):
        migrate(owner.model_copy(update={"ca_file": stranger}))


def test_a_password_that_is_kept_as_md5_opens_nothing(
    server: SecuredPostgres, owner: PostgresSettings
) -> None:
    superuser = postgres_server.superuser_settings(server.settings)
    with postgres.connect(superuser, autocommit=True) as connection:
        connection.execute("SET password_encryption = 'md5'")
        connection.execute("CREATE ROLE old_fashioned LOGIN PASSWORD 'secret' IN ROLE api_read")
        old = owner.model_copy(update={"user": "old_fashioned", "password": SecretStr("secret")})
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            postgres.connect(old)
        connection.execute("DROP ROLE old_fashioned")


def test_the_superuser_and_replication_are_not_for_everyone(server: SecuredPostgres) -> None:
    for user in (server.settings.postgres, as_identity(server.settings, "dagster").postgres):
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry for replication"):
            postgres.connect(user, replication="true")


def test_a_renewed_certificate_is_taken_while_connections_continue(server: SecuredPostgres) -> None:
    settings = server.settings
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        renew_certificates(settings)
        assert shown(settings) != present(settings)
        postgres_server.reload_certificate(settings)
        assert wait_until(lambda: shown(settings) == present(settings), 10), server.log()[-2000:]
        assert connection.execute("SELECT 1").fetchone() == (1,)
    postgres.wait_until_reachable(settings.postgres, 5)


def test_the_password_of_a_user_is_changed(server: SecuredPostgres) -> None:
    former = as_identity(server.settings, "api")
    postgres.wait_until_reachable(former.postgres, 5)
    (secrets_dir(server.settings) / "api").unlink()  # another one is made for it
    postgres_server.ensure_database(server.settings)
    with pytest.raises(DatabaseError, match="refuses the password of the user orderpulse_api"):
        postgres.wait_until_reachable(former.postgres, 5)
    postgres.wait_until_reachable(as_identity(server.settings, "api").postgres, 5)


def test_no_password_is_in_the_servers_log_or_command_line(server: SecuredPostgres) -> None:
    assert server.process.process is not None
    arguments = Path(f"/proc/{server.process.pid}/cmdline").read_text()
    for name in IDENTITIES:
        password = as_identity(server.settings, name).postgres.password.get_secret_value()
        assert password not in server.log()
        assert password not in arguments
