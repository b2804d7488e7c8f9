"""Kafka's nodes in containers: the configuration of each, and how its storage is formatted.

Three listeners. Clients log in by SCRAM over TLS. Brokers and controllers authenticate each other by
certificate, and listen in a separate network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.deploy.names import SECRETS, broker, inner
from stack.servers.kafka.properties import MECHANISM, SCRAM, SIZES, as_text, copies, encryption

LOG = Path("/var/lib/kafka/log")


@dataclass(frozen=True, slots=True)
class Node:
    """One broker and controller. `directory` is the id of its log; `files` the folder with its files."""

    number: int
    directory: str
    host: str = ""
    inner_host: str = ""
    listen: str = "0.0.0.0"  # noqa: S104  # all networks of its container; clients must log in
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
        **encryption(own.files / "kafka.pem", own.files / "ca.pem"),
        f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": f"{SCRAM} required;",
        "log.dirs": own.log,
        "auto.create.topics.enable": "false",
        **copies(len(everyone)),
        **SIZES,
    }
    return as_text(properties)


def format_arguments(own: Node, everyone: Sequence[Node], cluster_id: str, passwords: dict[str, str]) -> str:
    """Arguments of Kafka's storage tool, one per line, for its argument file (`@file`).

    `passwords` by user, who can log in from the first start on.
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
