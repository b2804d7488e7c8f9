"""What production refuses, setting by setting: whatever would let somebody in who does not belong there.

The same verdicts stop a process at its start (all faults in one message) and fill `orderpulse doctor`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from core.errors import SettingsError
from core.secret_files import secret_files

if TYPE_CHECKING:
    from core.settings import Settings

__all__ = ["ALL", "SERVERS", "Use", "Verdict", "refuse", "too_open", "verdicts", "weakness_of_secret"]

Use = Literal["postgres", "kafka", "tokens"]
"""What a process has to do with: a server, or the tokens of the API's callers."""

SERVERS: frozenset[Use] = frozenset({"postgres", "kafka"})
ALL: frozenset[Use] = SERVERS | {"tokens"}

LEAST_SECRET_BYTES = 32
LEAST_SECRET_CHARACTERS = 10
OPEN_TO_OTHERS = 0o027
"""A secret may be read by its owner and its group, as services mount it, and written by its owner alone."""

OPEN_TO_WRITE = 0o002
"""What is trusted may be read by all; who could write it could put a key of their own there."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One setting beside its rule: `said` reads on after the setting's name."""

    setting: str
    well: bool
    said: str


def verdicts(settings: "Settings", uses: Collection[Use] = ALL) -> Iterator[Verdict]:
    """Every rule on the settings, for a process that has to do with `uses`. No secret is in any of them."""
    yield from _general(settings)
    if "postgres" in uses:
        yield from _postgres(settings)
    if "kafka" in uses:
        yield from _kafka(settings)
    if "tokens" in uses:
        yield from _tokens(settings)
    yield from _files(settings)


def refuse(settings: "Settings", uses: Collection[Use]) -> None:
    """Raise `SettingsError` that names every setting which is not fit for production."""
    faults = [f"{each.setting} {each.said}" for each in verdicts(settings, uses) if not each.well]
    if faults:
        raise SettingsError("The settings are not usable. " + "; ".join(faults))


def weakness_of_secret(secret: str) -> str | None:
    """What is wrong with a secret; None: nothing.

    As long as the hash that HS256 makes with it (RFC 7518, section 3.2), and for passwords the same.
    """
    if len(secret.encode()) < LEAST_SECRET_BYTES:
        return f"has fewer than {LEAST_SECRET_BYTES} bytes"
    if len(set(secret)) < LEAST_SECRET_CHARACTERS:
        return "repeats a few characters; take a random one"
    return None


def too_open(path: Path) -> str | None:
    """Who else may read or change a secret file, in words; None: nobody who should not."""
    mode = path.stat().st_mode & 0o777
    return f"is open to others (mode {mode:04o}); `chmod 640` or less" if mode & OPEN_TO_OTHERS else None


def _general(settings: "Settings") -> Iterator[Verdict]:
    level = settings.log_level
    yield _rule("ORDERPULSE_LOG_LEVEL", level != "debug", level, "must not be debug")
    origins = [origin.strip() for origin in settings.api.cors_origins.split(",") if origin.strip()]
    yield _rule(
        "ORDERPULSE_API__CORS_ORIGINS", "*" not in origins, "no wildcard", "must list origins, and not be *"
    )
    if settings.api.jwt_secret is not None:
        yield _strong("ORDERPULSE_API__JWT_SECRET", settings.api.jwt_secret)
    if settings.alerts.webhook_url is not None:
        encrypted = settings.alerts.webhook_url.get_secret_value().startswith("https://")
        yield _rule("ORDERPULSE_ALERTS__WEBHOOK_URL", encrypted, "https", "must begin with https://")


def _postgres(settings: "Settings") -> Iterator[Verdict]:
    group = "ORDERPULSE_POSTGRES__"
    server = settings.postgres
    if server.password == type(server)().password:
        yield Verdict(f"{group}PASSWORD", well=False, said="is the default password")
    else:
        yield _strong(f"{group}PASSWORD", server.password)
    yield _rule(f"{group}SSLMODE", server.sslmode == "verify-full", server.sslmode, "must be verify-full")
    yield _trusted(f"{group}CA_FILE", settings, server.ca_file)


def _kafka(settings: "Settings") -> Iterator[Verdict]:
    group = "ORDERPULSE_KAFKA__"
    broker = settings.kafka
    protocol = broker.security_protocol
    yield _rule(f"{group}SECURITY_PROTOCOL", protocol == "SASL_SSL", protocol, "must be SASL_SSL")
    yield _rule(f"{group}USERNAME", bool(broker.username), broker.username or "", "must be set")
    if broker.password is None:
        yield Verdict(f"{group}PASSWORD", well=False, said="must be set")
    else:
        yield _strong(f"{group}PASSWORD", broker.password)
    yield _trusted(f"{group}CA_FILE", settings, broker.ca_file)


def _tokens(settings: "Settings") -> Iterator[Verdict]:
    group, api = "ORDERPULSE_API__", settings.api
    yield _rule(f"{group}AUTH", api.auth == "required", api.auth, "must be required")
    files = {"JWT_JWKS_FILE": api.jwt_jwks_file, "JWT_PUBLIC_KEY_FILE": api.jwt_public_key_file}
    for name, file in files.items():
        if file is not None:
            yield _trusted(f"{group}{name}", settings, file)
    if api.jwt_secret is None and not any(files.values()):
        said = (
            f"must be set, or {group}JWT_PUBLIC_KEY_FILE, or {group}JWT_SECRET: without a key no token can be "
            "verified"
        )
        yield Verdict(f"{group}JWT_JWKS_FILE", well=False, said=said)


def _files(settings: "Settings") -> Iterator[Verdict]:
    """Files that hold secrets of the settings."""
    if (environment_file := settings.root / ".env").is_file():
        yield _closed(f"The file {environment_file}", environment_file)
    if settings.secrets_dir is not None:
        for file in secret_files(settings.root / settings.secrets_dir):
            yield _closed(f"ORDERPULSE_SECRETS_DIR: {file.name}", file)


def _rule(setting: str, well: bool, seen: str, fault: str) -> Verdict:
    return Verdict(setting, well, seen if well else fault)


def _strong(setting: str, secret: SecretStr) -> Verdict:
    weakness = weakness_of_secret(secret.get_secret_value())
    return _rule(setting, weakness is None, "long and varied", weakness or "")


def _trusted(setting: str, settings: "Settings", file: Path | None) -> Verdict:
    """A file whose keys or certificates are believed."""
    if file is None:
        return Verdict(setting, well=False, said="must be set")
    path = settings.root / file
    if not path.is_file():
        return Verdict(setting, well=False, said=f"names no file: {path}")
    writable = path.stat().st_mode & OPEN_TO_WRITE
    return _rule(setting, not writable, str(path), f"names a file that anybody may change: {path}")


def _closed(setting: str, file: Path) -> Verdict:
    fault = too_open(file)
    return _rule(setting, fault is None, f"mode {file.stat().st_mode & 0o777:04o}", fault or "")
