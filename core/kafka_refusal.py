"""Errors by which Kafka refuses a client, explained in one sentence. A retry would not help."""

from confluent_kafka import KafkaError

from core.errors import BrokerError
from core.settings import KafkaSettings

FORBIDDEN = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
UNTRUSTED = ("certificate verify failed", "unknown ca", "certificate expired")
CUT_OFF = ("Local:", "Disconnected")
"""A broker that stops during a login also causes a failed login; that error is temporary."""


def refusal(settings: KafkaSettings, error: KafkaError) -> BrokerError | None:
    """The error to raise if `error` is a permanent refusal; None if it may be temporary."""
    code, text = error.code(), error.str() or ""
    if code in FORBIDDEN:
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} does not allow this to the user {settings.username} ({text}). "
            "Its rights are those of stack/servers/kafka/rights.py, which `orderpulse up` grants."
        )
    if code == KafkaError._AUTHENTICATION and not any(mark in text for mark in CUT_OFF):  # noqa: SLF001  # its public name
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} refused the login of the user {settings.username} ({_brief(text)}). Check "
            "ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD; `orderpulse up` gives each process its own."
        )
    if code == KafkaError._SSL and any(mark in text for mark in UNTRUSTED):  # noqa: SLF001  # as above
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} has a certificate that is not trusted ({_brief(text)}). "
            f"Check ORDERPULSE_KAFKA__CA_FILE ({settings.ca_file}) and the host's name; see `orderpulse certs show`."
        )
    return None


def _brief(text: str) -> str:
    """librdkafka's message without its code location and timing."""
    return text.rpartition("(after ")[0].strip() or text
