"""How a Kafka client logs in: TLS that verifies the broker and its host name, and SCRAM for the user."""

from pathlib import Path

from core.errors import SettingsError
from core.settings import KafkaSettings


def credentials(settings: KafkaSettings) -> tuple[str, str]:
    """User and password. Raises `SettingsError` if one is missing or empty."""
    password = "" if settings.password is None else settings.password.get_secret_value()
    if not settings.username or not password:
        raise SettingsError(
            "ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD must be set if "
            "ORDERPULSE_KAFKA__SECURITY_PROTOCOL is SASL_SSL."
        )
    return settings.username, password


def login_config(settings: KafkaSettings) -> dict[str, str]:
    """librdkafka's login properties; none if the broker needs no login.

    Raises `SettingsError` if user, password or the authorities' certificates are missing.
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
    """Properties for the authorities to trust; the machine's own if there is no file."""
    if ca_file is None:
        return {}
    try:
        readable = "BEGIN CERTIFICATE" in ca_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        readable = False
    if not readable:
        raise SettingsError(
            f"ORDERPULSE_KAFKA__CA_FILE: {ca_file} contains no readable certificates; `orderpulse certs make` "
            "creates the platform's own."
        )
    return {"ssl.ca.location": str(ca_file)}
