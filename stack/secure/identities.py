"""The processes' users in Kafka and PostgreSQL, and the files with their passwords.

Only on a secured platform (`ORDERPULSE_STACK__SECURITY=on`); otherwise all share the user in the
settings. The rights of each are in `database/migrations` and in `stack.servers.kafka.rights`.
"""

import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

from core.settings import Settings

IdentityName = Literal["owner", "generator", "spark_stream", "dagster", "dbt", "api", "intake"]


@dataclass(frozen=True, slots=True)
class Identity:
    """One user. `role`: the database role whose rights it has; the owner has none.

    `kafka`, `postgres`: whether it is a user of the brokers, and of the database.
    """

    name: IdentityName
    role: str | None
    kafka: bool
    postgres: bool = True


IDENTITIES: dict[IdentityName, Identity] = {
    identity.name: identity
    for identity in (
        Identity("owner", None, kafka=True),
        Identity("generator", "generator", kafka=True),
        Identity("spark_stream", "spark_writer", kafka=True),
        Identity("dagster", "dagster", kafka=True),
        Identity("dbt", "dbt", kafka=False),
        Identity("api", "api_read", kafka=False),
        Identity("intake", None, kafka=True, postgres=False),
    )
}
"""`owner` creates topics and tables; the others have the minimum rights for their work."""

INTAKE_KEY = "intake_key"
"""Secret with which the API asks intake about its sources."""

PREFIX = "orderpulse_"


def login(name: IdentityName) -> str:
    """The user name in both Kafka and PostgreSQL."""
    return PREFIX + name


def secrets_dir(settings: Settings) -> Path:
    """Folder of the passwords, one file each; only its owner may enter it."""
    return settings.data_dir / "secrets"


def secret(settings: Settings, name: str) -> str:
    """A secret of this platform, created at the first call: 32 random bytes in URL-safe base 64.

    Safe to call concurrently: one process creates the file atomically, and all read it.
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


def _draft(path: Path) -> Path:
    """Write a new secret to a file next to `path`, readable only by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)


def secured(settings: Settings) -> Settings:
    """The settings with TLS required for both servers, as `owner`."""
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
    """The settings of one process of a secured platform; unchanged on an open one."""
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


def with_intake_key(settings: Settings) -> Settings:
    """The settings with the key that the API and intake share, on every platform; unchanged if one is set."""
    if settings.intake.internal_key is not None:
        return settings
    key = SecretStr(secret(settings, INTAKE_KEY))
    intake = settings.intake.model_copy(update={"internal_key": key})
    return settings.model_copy(update={"intake": intake})
