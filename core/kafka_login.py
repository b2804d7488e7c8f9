"""How a client of Kafka logs in: TLS that verifies the broker and its name, and SCRAM for who we are."""

from pathlib import Path

from core.errors import SettingsError
from core.settings import KafkaSettings

__all__ = ["credentials", "login_config"]


def credentials(settings: KafkaSettings) -> tuple[str, str]:
    """User and password. Raises `SettingsError` where one is missing or empty."""
    password = "" if settings.password is None else settings.password.get_secret_value()
    if not settings.username or not password:
        raise SettingsError(
            "ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD must be set where "
            "ORDERPULSE_KAFKA__SECURITY_PROTOCOL is SASL_SSL."
        )
    return settings.username, password


def login_config(settings: KafkaSettings) -> dict[str, str]:
    """librdkafka's properties for it; none where the broker is open.

    Raises `SettingsError` where user, password or the authorities' certificates are missing.
    """
    if settings.security_protocol == "PLAINTEXT":
        return {}
    user, password = credentials(settings)
    return _trust(settings.ca_file) | {
        "security.protocol": settings.security_protocol,
        "ssl.endpoint.identification.algorithm": "https",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
    }


def _trust(ca_file: Path | None) -> dict[str, str]:
    """The authorities to trust; those of the machine where no file names others."""
    if ca_file is None:
        return {}
    try:
        readable = "BEGIN CERTIFICATE" in ca_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        readable = False
    if not readable:
        raise SettingsError(
            f"ORDERPULSE_KAFKA__CA_FILE: {ca_file} holds no certificates that can be read; `orderpulse certs make` "
            "makes the platform's own."
        )
    return {"ssl.ca.location": str(ca_file)}
