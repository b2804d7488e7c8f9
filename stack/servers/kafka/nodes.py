"""Kafka's nodes on this machine, each broker and controller: their addresses and data folders."""

import base64
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.settings import Settings
from stack.host.ports import require_loopback
from stack.host.private_files import write_private

CONTROLLER_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `host` and `port` are its advertised address for clients."""

    number: int
    host: str
    port: int
    controller_port: int
    home: Path

    @property
    def bind_address(self) -> str:
        """Address that it listens on for clients."""
        return CONTROLLER_HOST if self.host == "localhost" else self.host

    @property
    def controller(self) -> str:
        """Address of its controller for other nodes."""
        return f"{CONTROLLER_HOST}:{self.controller_port}"


@dataclass(frozen=True, slots=True)
class Quorum:
    """Ids that the nodes of a cluster share before their first start: the cluster's, and each node's log's."""

    cluster_id: str
    directories: dict[int, str]


def kafka_nodes(settings: Settings) -> list[Node]:
    """The nodes of the profile: one, or three. Raises `StackError` if one is not on this machine."""
    addresses, home = settings.kafka.addresses(), settings.data_dir / "kafka"
    for host, _ in addresses:
        require_loopback(host, "Kafka")
    first = settings.stack.kafka_controller_port
    if settings.stack.profile == "local":
        return [Node(1, *addresses[0], first, home)]
    controllers = (first, settings.cluster.kafka_2_controller_port, settings.cluster.kafka_3_controller_port)
    numbered = enumerate(zip(addresses, controllers, strict=True), 1)
    return [
        Node(number, host, port, controller, home / str(number))
        for number, ((host, port), controller) in numbered
    ]


def kafka_node(settings: Settings, number: int) -> Node:
    """One of `kafka_nodes`, by its number."""
    return kafka_nodes(settings)[number - 1]


def quorum(settings: Settings) -> Quorum:
    """The cluster's ids, created by the first node that needs them."""
    path = settings.data_dir / "kafka" / "quorum.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            ids = {"cluster_id": new_id(), "directories": [new_id() for _ in kafka_nodes(settings)]}
            write_private(path, json.dumps(ids))
    known = json.loads(path.read_text(encoding="utf-8"))
    return Quorum(known["cluster_id"], dict(enumerate(known["directories"], 1)))


def new_id() -> str:
    """An id in Kafka's form: 16 bytes in URL-safe base 64, without a leading dash (an option for its tools)."""
    # A first byte below 0xf8 excludes the last two characters of the alphabet, `-` and `_`.
    first = uuid.uuid4().bytes[0] % 0xF8
    return base64.urlsafe_b64encode(bytes([first]) + uuid.uuid4().bytes[1:]).decode().rstrip("=")
