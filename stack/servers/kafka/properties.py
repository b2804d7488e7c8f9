"""The configuration of Kafka's nodes: listeners, replicas, sizes, and on a secured platform access rights."""

import json
from pathlib import Path

from core.settings import Settings
from core.topics import MAX_BATCH_BYTES, MAX_REQUEST_BYTES
from stack.secure.certificates import KAFKA_PRINCIPAL, server_file, trusted_file
from stack.secure.identities import login, secret
from stack.servers.kafka.nodes import Node, kafka_node, kafka_nodes

BROKER_SECRET = "kafka_broker"  # noqa: S105  # the name of the password's file
MECHANISM = "SCRAM-SHA-512"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"

Properties = dict[str, object]


def server_properties(settings: Settings, log: Path, number: int = 1) -> str:
    """Configuration of node `number`, broker and controller at once, which listens on loopback only.

    On a secured platform it contains a password.
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
        **copies(len(everyone)),
        **SMALL,
        **SIZES,
        **(_security(settings) if secured else {}),
    }
    return as_text(properties)


def as_text(properties: Properties) -> str:
    """As Java reads properties, whose files are in Latin-1: other letters by their code, as in JSON."""
    return "".join(f"{name}={json.dumps(str(value))[1:-1]}\n" for name, value in properties.items())


SMALL: Properties = {
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
}
"""For one machine; a topic that exists keeps its partitions."""

SIZES: Properties = {
    "message.max.bytes": MAX_BATCH_BYTES,
    "socket.request.max.bytes": MAX_REQUEST_BYTES,
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


def copies(nodes: int) -> Properties:
    """Copies of each partition; one may be missing where there are three."""
    count, in_sync = (3, 2) if nodes == 3 else (1, 1)
    return {
        "default.replication.factor": count,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": count,
        "transaction.state.log.replication.factor": count,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": count,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


def _security(settings: Settings) -> Properties:
    """TLS 1.3 everywhere. Clients and other brokers log in by SCRAM, controllers by certificate: the
    controllers must authenticate before there is a quorum that stores SCRAM users.
    """
    password = secret(settings, BROKER_SECRET)
    return {
        **encryption(server_file(settings, "kafka"), trusted_file(settings)),
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": (
            f'{SCRAM} required username="{KAFKA_PRINCIPAL}" password="{password}";'
        ),
        "listener.name.controller.ssl.client.auth": "required",
    }


def encryption(keys: Path, authorities: Path) -> Properties:
    """TLS 1.3 with these PEM files, logins by SCRAM, and rights for who is listed alone."""
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": keys,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": authorities,
        "ssl.protocol": "TLSv1.3",
        "ssl.enabled.protocols": "TLSv1.3",
        "sasl.enabled.mechanisms": MECHANISM,
        "ssl.principal.mapping.rules": f"RULE:^CN={KAFKA_PRINCIPAL}$/{KAFKA_PRINCIPAL}/,DEFAULT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{KAFKA_PRINCIPAL};User:{login('owner')}",
    }
