"""When Kafka says no: what it means, in one sentence with what to do. To ask again would not help."""

from confluent_kafka import KafkaError

from core.errors import BrokerError
from core.settings import KafkaSettings

__all__ = ["refusal"]

FORBIDDEN = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
UNTRUSTED = ("certificate verify failed", "unknown ca", "certificate expired")
CUT_OFF = ("Local:", "Disconnected")
"""A broker that goes away during a login is reported as a failed login too; that one passes."""


def refusal(settings: KafkaSettings, error: KafkaError) -> BrokerError | None:
    """The error to raise where `error` is a refusal that lasts; None where it may pass."""
    code, text = error.code(), error.str() or ""
    if code in FORBIDDEN:
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} does not allow this to the user {settings.username} ({text}). "
            "Its rights are those of stack/kafka_rights.py, which `orderpulse up` grants."
        )
    if code == KafkaError._AUTHENTICATION and not any(mark in text for mark in CUT_OFF):  # noqa: SLF001  # its public name
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} did not let the user {settings.username} in ({_brief(text)}). Check "
            "ORDERPULSE_KAFKA__USERNAME and ORDERPULSE_KAFKA__PASSWORD; `orderpulse up` gives each process its own."
        )
    if code == KafkaError._SSL and any(mark in text for mark in UNTRUSTED):  # noqa: SLF001  # as above
        return BrokerError(
            f"Kafka at {settings.bootstrap_servers} shows a certificate that is not to be trusted ({_brief(text)}). "
            f"Check ORDERPULSE_KAFKA__CA_FILE ({settings.ca_file}) and the host's name; see `orderpulse certs show`."
        )
    return None


def _brief(text: str) -> str:
    """What librdkafka says, without where it stood and how long it took."""
    return text.rpartition("(after ")[0].strip() or text
