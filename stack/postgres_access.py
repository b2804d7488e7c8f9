"""Who may connect to a secured PostgreSQL, and how: TLS 1.3 alone, and a password by SCRAM.

The server's account cannot enter our folders, so what it reads is copied into a folder of its own.
"""

import os
from pathlib import Path

from core.settings import Settings
from stack.certificates import ensure_certificates, server_file, trusted_file
from stack.private_files import write_private
from stack.unprivileged import Account

__all__ = [
    "REPLICA_USER",
    "copy_certificate",
    "options",
    "prepare_access",
    "trusted_copy",
    "write_private_for",
]

REPLICA_USER = "orderpulse_replica"
"""The user that the streaming replica logs in as; it can do nothing but replicate."""

RULES = """# TYPE     DATABASE    USER                ADDRESS  METHOD
hostnossl  all         all                 all      reject
hostnossl  replication all                 all      reject
hostssl    replication {replica}  all      {replication}
hostssl    replication {superuser}            samehost scram-sha-256
hostssl    all         {replica}  all      reject
hostssl    all         {superuser}            samehost scram-sha-256
hostssl    all         {superuser}            all      reject
hostssl    all         all                 all      scram-sha-256
"""
"""The first line that fits decides. The superuser comes from the server's own machine only."""


def prepare_access(settings: Settings, home: Path, account: Account | None, superuser: str) -> None:
    """Write the rules and the certificate that a server in `home` reads."""
    ensure_certificates(settings)
    copy_certificate(settings, home, account)
    replication = "scram-sha-256" if settings.stack.profile == "cluster" else "reject"
    rules = RULES.format(replica=REPLICA_USER, superuser=superuser, replication=replication)
    write_private_for(account, _rules(home), rules)


def copy_certificate(settings: Settings, home: Path, account: Account | None) -> None:
    """Copy the server's key with its certificate, and those that it trusts itself, into `home`."""
    write_private_for(account, _certificate(home), server_file(settings, "postgres").read_bytes())
    write_private_for(account, trusted_copy(home), trusted_file(settings).read_bytes())


def options(home: Path) -> dict[str, str]:
    """The server's options. One file holds key and certificate, so that no reload meets half of a change."""
    return {
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "ssl_cert_file": str(_certificate(home)),
        "ssl_key_file": str(_certificate(home)),
        "hba_file": str(_rules(home)),
        "password_encryption": "scram-sha-256",
    }


def trusted_copy(home: Path) -> Path:
    """The certificates of authorities, where the server's account can read them."""
    return home / "ca.pem"


def write_private_for(account: Account | None, path: Path, content: bytes | str) -> None:
    """Put `content` in place of the file `path`, which only the server's account may read."""
    write_private(path, content)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _certificate(home: Path) -> Path:
    return home / "server.pem"


def _rules(home: Path) -> Path:
    return home / "pg_hba.conf"
