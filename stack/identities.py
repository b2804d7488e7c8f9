"""Who each process is: its user in Kafka and PostgreSQL, and the files that hold their passwords.

Only where the platform is secured (`ORDERPULSE_STACK__SECURITY=on`); otherwise all share the one user of the
settings. The rights of each are in `database/migrations` and in `stack.kafka_rights`.
"""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from core.settings import Settings

__all__ = ["IDENTITIES", "Identity", "IdentityName", "as_identity", "secret", "secrets_dir", "secured"]

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
    """A secret of this platform, made at the first call: 32 random bytes in URL-safe base 64."""
    folder = secrets_dir(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text := secrets.token_urlsafe(32))
    return text


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
    return settings.model_copy(
        update={
            "postgres": settings.postgres.model_copy(update=user),
            "kafka": settings.kafka.model_copy(update=known or nobody),
        }
    )
