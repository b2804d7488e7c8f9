"""How a client of Kafka logs in: TLS that verifies the broker and its name, and SCRAM for who we are."""

from core.errors import SettingsError
from core.settings import KafkaSettings

__all__ = ["credentials", "login_config"]


def credentials(settings: KafkaSettings) -> tuple[str, str]:
    """User and password. Raises `SettingsError` where one is missing."""
    if settings.username is None or settings.password is None:
        raise SettingsError(
            "ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD must be set where "
            "ORDERPULSE_KAFKA__SECURITY_PROTOCOL is SASL_SSL."
        )
    return settings.username, settings.password.get_secret_value()


def login_config(settings: KafkaSettings) -> dict[str, str]:
    """librdkafka's properties for it; none where the broker is open. Raises `SettingsError`."""
    if settings.security_protocol == "PLAINTEXT":
        return {}
    user, password = credentials(settings)
    authority = {} if settings.ca_file is None else {"ssl.ca.location": str(settings.ca_file)}
    return authority | {
        "security.protocol": settings.security_protocol,
        "ssl.endpoint.identification.algorithm": "https",
        "sasl.mechanisms": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password,
    }
