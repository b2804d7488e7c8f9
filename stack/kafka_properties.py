"""The configuration of Kafka's nodes: listeners, copies, sizes, and where it is secured who may do what."""

from pathlib import Path

from core.settings import Settings
from core.topics import LARGEST_BATCH_BYTES, LARGEST_REQUEST_BYTES
from stack.certificates import KAFKA_PRINCIPAL, server_file, trusted_file
from stack.identities import login, secret
from stack.kafka_nodes import Node, kafka_node, kafka_nodes

__all__ = ["BROKER_SECRET", "MECHANISM", "server_properties"]

BROKER_SECRET = "kafka_broker"  # noqa: S105  # the name of the file that holds it
MECHANISM = "SCRAM-SHA-512"

Properties = dict[str, object]


def server_properties(settings: Settings, log: Path, number: int = 1) -> str:
    """Configuration of node `number`, broker and controller at once, which listens on loopback only.

    Where the platform is secured it holds a password.
    """
    own, everyone = kafka_node(settings, number), kafka_nodes(settings)
    secured = settings.stack.security == "on"
    properties: Properties = {
        "process.roles": "broker,controller",
        "node.id": own.number,
        "controller.quorum.bootstrap.servers": ",".join(node.controller for node in everyone),
        "log.dirs": log,
        "auto.create.topics.enable": "false",
        **_listeners(own, secured=secured),
        **_copies(len(everyone)),
        **SIZES,
        **(_security(settings) if secured else {}),
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


SIZES: Properties = {
    "message.max.bytes": LARGEST_BATCH_BYTES,
    "socket.request.max.bytes": LARGEST_REQUEST_BYTES,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
    "log.segment.bytes": 256 * 1024 * 1024,
}


def _listeners(own: Node, *, secured: bool) -> Properties:
    clients, controllers = ("SASL_SSL", "SSL") if secured else ("PLAINTEXT", "PLAINTEXT")
    return {
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": clients,
        "listeners": f"{clients}://{own.bind_address}:{own.port},CONTROLLER://{own.controller}",
        "advertised.listeners": f"{clients}://{own.host}:{own.port},CONTROLLER://{own.controller}",
        "listener.security.protocol.map": f"{clients}:{clients},CONTROLLER:{controllers}",
    }


def _copies(nodes: int) -> Properties:
    """Copies of what Kafka keeps for itself; one may be missing where there are three."""
    copies, in_sync = (3, 2) if nodes == 3 else (1, 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.initial.rebalance.delay.ms": 0,
    }


def _security(settings: Settings) -> Properties:
    """TLS 1.3 everywhere. Clients and other brokers log in by SCRAM, controllers by certificate: the
    controllers must know one another before there is a quorum to keep SCRAM's users.
    """
    password = secret(settings, BROKER_SECRET)
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": server_file(settings, "kafka"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": trusted_file(settings),
        "ssl.protocol": "TLSv1.3",
        "ssl.enabled.protocols": "TLSv1.3",
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": (
            f'{module} required username="{KAFKA_PRINCIPAL}" password="{password}";'
        ),
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": f"RULE:^CN={KAFKA_PRINCIPAL}$/{KAFKA_PRINCIPAL}/,DEFAULT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{KAFKA_PRINCIPAL};User:{login('owner')}",
    }
