"""Kafka's nodes in containers: the configuration of each, and how its storage is formatted.

Three listeners. Clients log in by SCRAM over TLS. Brokers and controllers know one another by their
certificate, and listen in a network that nobody else is in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.certificates import KAFKA_PRINCIPAL
from stack.deployment.names import SECRETS, broker, inner
from stack.identities import login
from stack.kafka_properties import MECHANISM, SIZES

__all__ = ["Node", "broker_properties", "format_arguments"]

LOG = Path("/var/lib/kafka/log")


@dataclass(frozen=True, slots=True)
class Node:
    """One broker and controller. `directory` is the id of its log; `files` the folder of what it reads."""

    number: int
    directory: str
    host: str = ""
    inner_host: str = ""
    listen: str = "0.0.0.0"  # noqa: S104  # all networks of its container, where clients must log in
    ports: tuple[int, int, int] = (9092, 9094, 9093)
    files: Path = SECRETS
    log: Path = LOG

    @property
    def clients(self) -> str:
        """Host and port for clients."""
        return f"{self.host or broker(self.number)}:{self.ports[0]}"

    @property
    def brokers(self) -> str:
        """Host and port for the other brokers."""
        return f"{self.inner_host or inner(self.number)}:{self.ports[1]}"

    @property
    def controller(self) -> str:
        """Host and port for the other controllers."""
        return f"{self.inner_host or inner(self.number)}:{self.ports[2]}"


def broker_properties(own: Node, everyone: Sequence[Node]) -> str:
    """Configuration of one node. It holds no password."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    advertised = f"CLIENTS://{own.clients},BROKERS://{own.brokers},CONTROLLER://{own.controller}"
    properties = {
        "process.roles": "broker,controller",
        "node.id": own.number,
        "controller.quorum.bootstrap.servers": ",".join(node.controller for node in everyone),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "BROKERS",
        "listeners": advertised.replace(own.clients, f"{own.listen}:{own.ports[0]}", 1),
        "advertised.listeners": advertised,
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,BROKERS:SSL,CONTROLLER:SSL",
        "listener.name.brokers.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": own.files / "kafka.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": own.files / "ca.pem",
        "ssl.protocol": "TLSv1.3",
        "ssl.enabled.protocols": "TLSv1.3",
        "ssl.principal.mapping.rules": f"RULE:^CN={KAFKA_PRINCIPAL}$/{KAFKA_PRINCIPAL}/,DEFAULT",
        "sasl.enabled.mechanisms": MECHANISM,
        f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": scram,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{KAFKA_PRINCIPAL};User:{login('owner')}",
        "log.dirs": own.log,
        "auto.create.topics.enable": "false",
        **_copies(len(everyone)),
        **SIZES,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def format_arguments(own: Node, everyone: Sequence[Node], cluster_id: str, passwords: dict[str, str]) -> str:
    """Arguments of Kafka's storage tool, one a line, for a file that it reads (`@file`).

    `passwords` by user: who can log in from the first start on.
    """
    if len(everyone) == 1:
        quorum = ["--standalone"]
    else:
        voters = ",".join(f"{node.number}@{node.controller}:{node.directory}" for node in everyone)
        quorum = ["--initial-controllers", voters]
    words = ["--cluster-id", cluster_id, "--config", str(own.files / "server.properties"), *quorum]
    for user, password in passwords.items():
        words += ["--add-scram", f"{MECHANISM}=[name={user},password={password}]"]
    return "".join(f"{word}\n" for word in words)


def _copies(nodes: int) -> dict[str, int]:
    """Copies of each partition; one may be missing where there are three."""
    copies, in_sync = (3, 2) if nodes == 3 else (1, 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }
