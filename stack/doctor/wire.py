"""TLS as a client sees it: protocol, certificate, days left. One handshake with each server."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.settings import Settings
from stack.doctor.finding import Finding, fine, is_running, may_be_open, problem, warning

TIMEOUT_S = 5.0
LEAST_DAYS = 30
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""PostgreSQL, protocol 3: requests TLS; the server responds S or N."""

Opening = Callable[[socket.socket], str | None]
"""Runs before the handshake. Returns a fault, if any."""


def wire(settings: Settings) -> Iterator[Finding]:
    """Findings on the connections to Kafka and PostgreSQL."""
    kafka, postgres = settings.kafka, settings.postgres
    for host, port in kafka.addresses():
        subject = f"Kafka at {host}:{port}"
        if kafka.security_protocol == "SASL_SSL":
            yield _seen(settings, subject, (host, port), kafka.ca_file, _at_once)
        else:
            yield _plain(settings, subject, "PLAINTEXT")
    addresses = [(postgres.host, postgres.port)]
    if settings.api.replica_host is not None:
        addresses.append((settings.api.replica_host, settings.api.replica_port))
    for host, port in addresses:
        subject = f"PostgreSQL at {host}:{port}"
        if postgres.sslmode == "verify-full":
            yield _seen(settings, subject, (host, port), postgres.ca_file, _ask_postgres)
        else:
            yield _plain(settings, subject, f"sslmode={postgres.sslmode}")


def _plain(settings: Settings, subject: str, seen: str) -> Finding:
    if may_be_open(settings):
        return fine(subject, f"{seen}, as on a developer's machine")
    return problem(
        subject, f"{seen}: passwords and data are readable in transit, and the server is not verified"
    )


def _seen(
    settings: Settings, subject: str, address: tuple[str, int], authority: Path | None, opening: Opening
) -> Finding:
    try:
        context = ssl.create_default_context(cafile=None if authority is None else settings.root / authority)
    except (OSError, ssl.SSLError) as error:
        return problem(subject, f"the certificates in {authority} cannot be read ({error.strerror or error})")
    try:
        with socket.create_connection(address, TIMEOUT_S) as plain:
            if fault := opening(plain):
                return problem(subject, fault)
            with context.wrap_socket(plain, server_hostname=address[0]) as secured:
                return _judged(subject, secured)
    except ssl.SSLCertVerificationError as error:
        return problem(subject, f"its certificate is not trusted: {error.verify_message}")
    except ssl.SSLError as error:
        return problem(subject, f"the TLS handshake failed ({error.reason or error})")
    except OSError as error:
        answer = problem if is_running(settings) else fine
        return answer(subject, f"does not respond ({error.strerror or error})")


def _judged(subject: str, secured: ssl.SSLSocket) -> Finding:
    """The finding on a verified handshake."""
    certificate = secured.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    subjects: Any = certificate["subject"]
    names = [value for part in subjects for name, value in part if name == "commonName"]
    seen = f"{secured.version()}, certificate of {' '.join(names)}, {days} days left"
    if days < LEAST_DAYS:
        return warning(subject, f"{seen}: renew it")
    return fine(subject, seen)


def _at_once(_: socket.socket) -> str | None:
    return None


def _ask_postgres(plain: socket.socket) -> str | None:
    plain.sendall(SSL_REQUEST)
    return None if plain.recv(1) == b"S" else "the server does not support TLS"
