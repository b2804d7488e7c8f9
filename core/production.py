"""The rules on settings in production, which refuse unsafe access.

The same findings stop a process at its start (all faults in one message) and appear in `orderpulse doctor`.
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

Use = Literal["postgres", "kafka", "tokens"]
"""What a process uses: a server, or the tokens of the API's clients."""

SERVERS: frozenset[Use] = frozenset({"postgres", "kafka"})
ALL: frozenset[Use] = SERVERS | {"tokens"}

MIN_SECRET_BYTES = 32
MIN_SECRET_CHARACTERS = 10
OPEN_TO_OTHERS = 0o027
"""A secret may be read by its owner and group, as services mount it, and written only by its owner."""

OPEN_TO_WRITE = 0o002
"""Trusted keys may be read by all; anyone who can write the file could add their own key."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of a rule on one setting; `text` continues the sentence that the setting's name begins."""

    setting: str
    ok: bool
    text: str


def check_rules(settings: "Settings", uses: Collection[Use] = ALL) -> Iterator[RuleResult]:
    """The result of every rule for a process with these `uses`. None contains a secret."""
    yield from _general(settings)
    if "postgres" in uses:
        yield from _postgres(settings)
    if "kafka" in uses:
        yield from _kafka(settings)
    if "tokens" in uses:
        yield from _tokens(settings)
    yield from _files(settings)


def refuse(settings: "Settings", uses: Collection[Use]) -> None:
    """Raise `SettingsError` with every setting that is unsafe in production."""
    faults = [f"{each.setting} {each.text}" for each in check_rules(settings, uses) if not each.ok]
    if faults:
        raise SettingsError("The settings are not usable. " + "; ".join(faults))


def weakness_of_secret(secret: str) -> str | None:
    """What is wrong with a secret; None if nothing.

    The minimum length is that of HS256's hash (RFC 7518, section 3.2), for passwords too.
    """
    if len(secret.encode()) < MIN_SECRET_BYTES:
        return f"has fewer than {MIN_SECRET_BYTES} bytes"
    if len(set(secret)) < MIN_SECRET_CHARACTERS:
        return "repeats a few characters; use a random one"
    return None


def too_open(path: Path) -> str | None:
    """The fault if others may read or change a secret file; None if only the right users may."""
    mode = path.stat().st_mode & 0o777
    return f"is open to others (mode {mode:04o}); `chmod 640` or less" if mode & OPEN_TO_OTHERS else None


def _general(settings: "Settings") -> Iterator[RuleResult]:
    level = settings.log_level
    yield _rule("ORDERPULSE_LOG_LEVEL", level != "debug", level, "must not be debug")
    origins = [origin.strip() for origin in settings.api.cors_origins.split(",") if origin.strip()]
    yield _rule(
        "ORDERPULSE_API__CORS_ORIGINS", "*" not in origins, "no wildcard", "must list origins, and not be *"
    )
    if settings.api.jwt_secret is not None:
        yield _strong("ORDERPULSE_API__JWT_SECRET", settings.api.jwt_secret)
    if settings.api.metrics_token is not None:
        yield _strong("ORDERPULSE_API__METRICS_TOKEN", settings.api.metrics_token)
    if settings.intake.internal_key is not None:
        yield _strong("ORDERPULSE_INTAKE__INTERNAL_KEY", settings.intake.internal_key)
    if settings.alerts.webhook_url is not None:
        encrypted = settings.alerts.webhook_url.get_secret_value().startswith("https://")
        yield _rule("ORDERPULSE_ALERTS__WEBHOOK_URL", encrypted, "https", "must begin with https://")


def _postgres(settings: "Settings") -> Iterator[RuleResult]:
    group = "ORDERPULSE_POSTGRES__"
    server = settings.postgres
    if server.password == type(server)().password:
        yield RuleResult(f"{group}PASSWORD", ok=False, text="is the default password")
    else:
        yield _strong(f"{group}PASSWORD", server.password)
    yield _rule(f"{group}SSLMODE", server.sslmode == "verify-full", server.sslmode, "must be verify-full")
    yield _trusted(f"{group}CA_FILE", settings, server.ca_file)


def _kafka(settings: "Settings") -> Iterator[RuleResult]:
    group = "ORDERPULSE_KAFKA__"
    broker = settings.kafka
    protocol = broker.security_protocol
    yield _rule(f"{group}SECURITY_PROTOCOL", protocol == "SASL_SSL", protocol, "must be SASL_SSL")
    yield _rule(f"{group}USERNAME", bool(broker.username), broker.username or "", "must be set")
    if broker.password is None:
        yield RuleResult(f"{group}PASSWORD", ok=False, text="must be set")
    else:
        yield _strong(f"{group}PASSWORD", broker.password)
    yield _trusted(f"{group}CA_FILE", settings, broker.ca_file)


def _tokens(settings: "Settings") -> Iterator[RuleResult]:
    group, api = "ORDERPULSE_API__", settings.api
    yield _rule(f"{group}AUTH", api.auth == "required", api.auth, "must be required")
    files = {"JWT_JWKS_FILE": api.jwt_jwks_file, "JWT_PUBLIC_KEY_FILE": api.jwt_public_key_file}
    for name, file in files.items():
        if file is not None:
            yield _trusted(f"{group}{name}", settings, file)
    if api.jwt_secret is None and not any(files.values()):
        text = (
            f"must be set, or {group}JWT_PUBLIC_KEY_FILE, or {group}JWT_SECRET: without a key no token can be "
            "verified"
        )
        yield RuleResult(f"{group}JWT_JWKS_FILE", ok=False, text=text)


def _files(settings: "Settings") -> Iterator[RuleResult]:
    """The results for files with secret settings."""
    if (environment_file := settings.root / ".env").is_file():
        yield _closed(f"The file {environment_file}", environment_file)
    if settings.secrets_dir is not None:
        for file in secret_files(settings.root / settings.secrets_dir):
            yield _closed(f"ORDERPULSE_SECRETS_DIR: {file.name}", file)


def _rule(setting: str, ok: bool, seen: str, fault: str) -> RuleResult:
    return RuleResult(setting, ok, seen if ok else fault)


def _strong(setting: str, secret: SecretStr) -> RuleResult:
    weakness = weakness_of_secret(secret.get_secret_value())
    return _rule(setting, weakness is None, "long and varied", weakness or "")


def _trusted(setting: str, settings: "Settings", file: Path | None) -> RuleResult:
    """The result for a file of trusted keys or certificates."""
    if file is None:
        return RuleResult(setting, ok=False, text="must be set")
    path = settings.root / file
    if not path.is_file():
        return RuleResult(setting, ok=False, text=f"names no file: {path}")
    writable = path.stat().st_mode & OPEN_TO_WRITE
    return _rule(setting, not writable, str(path), f"names a file that anyone may change: {path}")


def _closed(setting: str, file: Path) -> RuleResult:
    fault = too_open(file)
    return _rule(setting, fault is None, f"mode {file.stat().st_mode & 0o777:04o}", fault or "")
