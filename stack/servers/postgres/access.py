"""Access rules of a secured PostgreSQL: only TLS 1.3, and passwords by SCRAM.

The server's account cannot enter our folders, so its files are copied into a separate folder.
"""

import os
from pathlib import Path

from core.settings import Settings
from stack.host.private_files import write_private
from stack.host.unprivileged import Account
from stack.secure.certificates import ensure_certificates, server_file, trusted_file

REPLICA_USER = "orderpulse_replica"
"""The user of the streaming replica; it can only replicate."""

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
"""The first matching line decides. The superuser may connect only from the server's machine."""


def prepare_access(settings: Settings, home: Path, account: Account | None, superuser: str) -> None:
    """Write the rules and the certificate for a server in `home`."""
    ensure_certificates(settings)
    copy_certificate(settings, home, account)
    replication = "scram-sha-256" if settings.stack.profile == "cluster" else "reject"
    rules = RULES.format(replica=REPLICA_USER, superuser=superuser, replication=replication)
    write_private_for(account, _rules(home), rules)


def copy_certificate(settings: Settings, home: Path, account: Account | None) -> None:
    """Copy the server's key and certificate, and its trusted authorities, into `home`."""
    write_private_for(account, _certificate(home), server_file(settings, "postgres").read_bytes())
    write_private_for(account, trusted_copy(home), trusted_file(settings).read_bytes())


def options(home: Path) -> dict[str, str]:
    """The server's options. Key and certificate are in one file, so that no reload sees half of a change."""
    return {
        "ssl": "on",
        "ssl_min_protocol_version": "TLSv1.3",
        "ssl_cert_file": str(_certificate(home)),
        "ssl_key_file": str(_certificate(home)),
        "hba_file": str(_rules(home)),
        "password_encryption": "scram-sha-256",
    }


def trusted_copy(home: Path) -> Path:
    """The authorities' certificates, in a place that the server's account can read."""
    return home / "ca.pem"


def write_private_for(account: Account | None, path: Path, content: bytes | str) -> None:
    """Replace the file `path` by `content`, readable only by the server's account."""
    write_private(path, content)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _certificate(home: Path) -> Path:
    return home / "server.pem"


def _rules(home: Path) -> Path:
    return home / "pg_hba.conf"
