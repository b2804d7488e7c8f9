"""How a client of Kafka logs in, and which of its errors last."""

from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from core import kafka
from core.errors import SettingsError
from core.kafka_refusal import refusal
from core.settings import KafkaSettings
from spark_jobs.source import _connection
from stack.secure.authority import Authority

SECURED = KafkaSettings(security_protocol="SASL_SSL", username="someone", password='pass"word')

LASTING = {
    "SASL authentication error: Authentication failed during authentication due to invalid credentials": (
        KafkaError._AUTHENTICATION,
        "refused the login of the user someone",
    ),
    "ssl://h:1/bootstrap: SSL handshake failed: certificate verify failed (after 3ms in state SSL_HANDSHAKE)": (
        KafkaError._SSL,
        "certificate that is not trusted",
    ),
    "Broker: Topic authorization failed": (KafkaError.TOPIC_AUTHORIZATION_FAILED, "does not allow this"),
    "Broker: Group authorization failed": (KafkaError.GROUP_AUTHORIZATION_FAILED, "does not allow this"),
}
PASSING = {
    "SASL authentication error: SaslAuthenticateRequest failed: Local: Broker transport failure": (
        KafkaError._AUTHENTICATION
    ),
    "SASL handshake: Disconnected": KafkaError._AUTHENTICATION,
    "SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?": KafkaError._SSL,
    "Connect to ipv4#127.0.0.1:9092 failed: Connection refused": KafkaError._TRANSPORT,
}


@pytest.mark.parametrize("text", LASTING)
def test_a_refusal_is_reported_in_one_sentence(text: str) -> None:
    code, expected = LASTING[text]
    refused = refusal(SECURED, KafkaError(code, text))
    assert expected in str(refused)
    assert "pass" not in str(refused).replace("__PASSWORD", "")


@pytest.mark.parametrize("text", PASSING)
def test_what_passes_is_no_refusal(text: str) -> None:
    assert refusal(SECURED, KafkaError(PASSING[text], text)) is None


@pytest.fixture
def trusting(tmp_path: Path) -> KafkaSettings:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(Authority.make().pair.public_pem())
    return SECURED.model_copy(update={"ca_file": authority})


def test_every_client_verifies_the_broker_and_authenticates(trusting: KafkaSettings) -> None:
    config = kafka.client_config(trusting, **{"group.id": "g"})
    assert config["security.protocol"] == "SASL_SSL"
    assert config["ssl.endpoint.identification.algorithm"] == "https"
    assert config["ssl.ca.location"] == str(trusting.ca_file)
    assert (config["sasl.mechanisms"], config["sasl.username"]) == ("SCRAM-SHA-512", "someone")


def test_an_open_broker_is_asked_without_a_login() -> None:
    assert set(kafka.client_config(KafkaSettings())) == {"bootstrap.servers", "allow.auto.create.topics"}
    assert set(_connection(KafkaSettings())) == {
        "kafka.bootstrap.servers",
        "kafka.fetch.max.wait.ms",
        "kafka.isolation.level",
        "kafka.max.poll.records",
    }


def test_a_missing_password_is_reported() -> None:
    with pytest.raises(SettingsError, match="ORDERPULSE_KAFKA__PASSWORD"):
        kafka.client_config(SECURED.model_copy(update={"password": None}))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"nothing"])
def test_authorities_that_cannot_be_read_are_reported(tmp_path: Path, content: bytes | None) -> None:
    authority = tmp_path / "ca.pem"
    if content is not None:
        authority.write_bytes(content)
    with pytest.raises(
        SettingsError, match=r"ORDERPULSE_KAFKA__CA_FILE: .*ca\.pem contains no readable certificates"
    ):
        kafka.client_config(SECURED.model_copy(update={"ca_file": authority}))


def test_spark_logs_in_likewise(trusting: KafkaSettings) -> None:
    options = _connection(trusting)
    assert options["kafka.security.protocol"] == "SASL_SSL"
    assert options["kafka.ssl.truststore.location"] == str(trusting.ca_file)
    assert options["kafka.sasl.jaas.config"].endswith(r'username="someone" password="pass\"word";')
