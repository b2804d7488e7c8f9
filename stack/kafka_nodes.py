"""The nodes of Kafka on this machine, each broker and controller: where they listen and keep their data."""

import base64
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.settings import Settings
from stack.ports import require_loopback
from stack.private_files import write_private

__all__ = ["Node", "Quorum", "kafka_node", "kafka_nodes", "new_id", "quorum"]

CONTROLLER_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Node:
    """One node. `host` and `port` are its clients', as they are told them."""

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
        """Where the other nodes reach its controller."""
        return f"{CONTROLLER_HOST}:{self.controller_port}"


@dataclass(frozen=True, slots=True)
class Quorum:
    """What the nodes of a cluster agree on before their first start: its id, and that of each node's log."""

    cluster_id: str
    directories: dict[int, str]


def kafka_nodes(settings: Settings) -> list[Node]:
    """The nodes of the profile: one, or three. Raises `StackError` where one is not on this machine."""
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
    """The cluster's ids, made by whichever node asks first."""
    path = settings.data_dir / "kafka" / "quorum.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            ids = {"cluster_id": new_id(), "directories": [new_id() for _ in kafka_nodes(settings)]}
            write_private(path, json.dumps(ids))
    known = json.loads(path.read_text(encoding="utf-8"))
    return Quorum(known["cluster_id"], dict(enumerate(known["directories"], 1)))


def new_id() -> str:
    """An id as Kafka writes it: 16 bytes in URL-safe base 64, no leading dash (an option to its tools)."""
    # The first byte below 0xf8 keeps the first character from being one of the two last of the alphabet.
    first = uuid.uuid4().bytes[0] % 0xF8
    return base64.urlsafe_b64encode(bytes([first]) + uuid.uuid4().bytes[1:]).decode().rstrip("=")
