"""Make running servers load new certificates and trusted authorities, without interruption for clients."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from core.errors import StackError
from core.kafka import admin_client
from core.settings import Settings
from stack.host.locks import holder
from stack.host.waiting import wait_until
from stack.secure.certificates import server_file, trusted_file
from stack.servers.kafka.nodes import kafka_nodes
from stack.servers.postgres import server as postgres_server

BROKERS = ("kafka", "kafka_2", "kafka_3")
LISTENERS = ("sasl_ssl", "controller")
TIMEOUT_S = 30


def reload_servers(settings: Settings) -> Iterator[str]:
    """Make running servers reload their certificates; yields a line for each. Raises `OrderpulseError`."""
    if settings.stack.security == "off":
        return
    if any(holder(settings, name) for name in BROKERS):
        for number in reload_kafka(settings):
            yield f"Kafka's node {number} has read its certificate."
    databases = {"postgres": settings.postgres.port, "postgres_replica": settings.cluster.replica_port}
    for name, port in databases.items():
        if holder(settings, name):
            postgres_server.reload_certificate(settings, name, port)
            yield f"{name} has read its certificate."


def reload_kafka(settings: Settings) -> list[int]:
    """Make each running node read its files again; returns their numbers.

    Open connections continue. Raises `StackError` if a node refuses a file: it keeps the former one.
    """
    client = admin_client(settings.kafka)
    try:
        running = sorted(client.list_topics(timeout=TIMEOUT_S).brokers)
    except KafkaException as error:
        raise StackError(f"Kafka does not respond: {error.args[0].str()}") from None
    expected = {node.number for node in kafka_nodes(settings)}
    numbers = [number for number in running if number in expected]
    names = _other_names(settings)
    for number in numbers:
        # A node reads a file again when its name changes. The name is then changed back, so that the next start
        # uses only the configuration. A node that saw both changes at once would see none.
        # Leftovers of an interrupted reload are changed back first.
        _alter(client, number, names, AlterConfigOpType.DELETE)
        _wait(client, number, dict.fromkeys(names))
        try:
            _alter(client, number, names, AlterConfigOpType.SET)
            _wait(client, number, names)
        finally:
            _alter(client, number, names, AlterConfigOpType.DELETE)
    return numbers


def _other_names(settings: Settings) -> dict[str, str]:
    """Paths to the same files that differ from those in the configuration."""
    files = {"keystore": server_file(settings, "kafka"), "truststore": trusted_file(settings)}
    return {
        f"listener.name.{listener}.ssl.{store}.location": _other_name(path)
        for listener in LISTENERS
        for store, path in files.items()
    }


def _other_name(path: Path) -> str:
    return f"{path.parent}/./{path.name}"


def _wait(client: AdminClient, number: int, expected: Mapping[str, str | None]) -> None:
    """Return once the node uses the `expected` names (None: those of its configuration)."""
    resource = ConfigResource(ResourceType.BROKER, str(number))

    def applied() -> bool:
        present = client.describe_configs([resource], request_timeout=TIMEOUT_S)[resource].result()
        return all((present[name].value if name in present else None) == expected[name] for name in expected)

    try:
        done = wait_until(applied, TIMEOUT_S)
    except KafkaException as error:
        raise StackError(f"Kafka's node {number} does not respond: {error.args[0].str()}") from None
    if not done:
        raise StackError(f"Kafka's node {number} has not read its certificate within {TIMEOUT_S} s.")


def _alter(client: AdminClient, number: int, values: dict[str, str], operation: AlterConfigOpType) -> None:
    entries = [
        ConfigEntry(
            name, None if operation is AlterConfigOpType.DELETE else value, incremental_operation=operation
        )
        for name, value in values.items()
    ]
    resource = ConfigResource(ResourceType.BROKER, str(number), incremental_configs=entries)
    answers = client.incremental_alter_configs([resource], request_timeout=TIMEOUT_S)
    try:
        answers[resource].result()
    except KafkaException as error:
        raise StackError(
            f"Kafka's node {number} keeps its former certificate: {error.args[0].str()}"
        ) from None
