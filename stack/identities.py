"""Who each process is: its user in Kafka and PostgreSQL, and the files that hold their passwords.

Only where the platform is secured (`ORDERPULSE_STACK__SECURITY=on`); otherwise all share the one user of the
settings. The rights of each are in `database/migrations` and in `stack.kafka_rights`.
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from core.settings import Settings

__all__ = [
    "IDENTITIES",
    "Identity",
    "IdentityName",
    "as_identity",
    "login",
    "renew_secret",
    "secret",
    "secrets_dir",
    "secured",
]

IdentityName = Literal["owner", "generator", "spark_stream", "dagster", "dbt", "api"]


@dataclass(frozen=True, slots=True)
class Identity:
    """One user. `role`: the role of the database whose rights it has; the owner has its own.

    `kafka`: whether it is known to the brokers.
    """

    name: IdentityName
    role: str | None
    kafka: bool


IDENTITIES: dict[IdentityName, Identity] = {
    identity.name: identity
    for identity in (
        Identity("owner", None, kafka=True),
        Identity("generator", "generator", kafka=True),
        Identity("spark_stream", "spark_writer", kafka=True),
        Identity("dagster", "dagster", kafka=True),
        Identity("dbt", "dbt", kafka=False),
        Identity("api", "api_read", kafka=False),
    )
}
"""`owner` makes topics and tables; the others have the least rights that their work takes."""

PREFIX = "orderpulse_"


def login(name: IdentityName) -> str:
    """Its user name, in Kafka as in PostgreSQL."""
    return PREFIX + name


def secrets_dir(settings: Settings) -> Path:
    """Folder of the passwords, one file each; nobody else may enter it."""
    return settings.data_dir / "secrets"


def secret(settings: Settings, name: str) -> str:
    """A secret of this platform, made at the first call: 32 random bytes in URL-safe base 64.

    Several processes may call it at once: one makes the file, whole before it has its name, and all read that.
    """
    path = secrets_dir(settings) / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        draft = _draft(path)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="utf-8")


def renew_secret(settings: Settings, name: str) -> str:
    """Another secret in place of the former. The servers and the processes take it at their next start."""
    path = secrets_dir(settings) / name
    _draft(path).replace(path)
    return path.read_text(encoding="utf-8")


def _draft(path: Path) -> Path:
    """A new secret in a file beside `path`; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)


def secured(settings: Settings) -> Settings:
    """The settings with TLS demanded of both servers, as `owner`."""
    authority = settings.data_dir / "certificates" / "ca.pem"
    kafka = {"security_protocol": "SASL_SSL", "ca_file": authority}
    postgres = {"sslmode": "verify-full", "ca_file": authority}
    encrypted = settings.model_copy(
        update={
            "kafka": settings.kafka.model_copy(update=kafka),
            "postgres": settings.postgres.model_copy(update=postgres),
        }
    )
    return as_identity(encrypted, "owner")


def as_identity(settings: Settings, name: IdentityName) -> Settings:
    """The settings of one process of a secured platform; the same settings where it is open."""
    if settings.stack.security == "off":
        return settings
    password = SecretStr(secret(settings, name))
    user = {"user": login(name), "password": password}
    known = {"username": login(name), "password": password} if IDENTITIES[name].kafka else {}
    nobody = {"username": None, "password": None}
    dbt = {"user": login("dbt"), "password": SecretStr(secret(settings, "dbt"))}
    starts_dbt = dbt if name == "dagster" else {"user": None, "password": None}
    return settings.model_copy(
        update={
            "postgres": settings.postgres.model_copy(update=user),
            "kafka": settings.kafka.model_copy(update=known or nobody),
            "dbt": settings.dbt.model_copy(update=starts_dbt),
        }
    )
