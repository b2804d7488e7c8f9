"""The Kafka broker of the local platform: a single KRaft node, its storage, its command line."""

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path

from core.errors import PrerequisiteError
from core.jars import jar_paths
from core.settings import Settings
from stack.ports import require_loopback
from stack.prerequisite import JAVA

__all__ = ["command", "prepare", "server_properties"]

LOG4J = Path(__file__).parent / "kafka_log4j2.properties"
JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:MaxDirectMemorySize=128m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)


def prepare(settings: Settings) -> None:
    """Format the storage, unless it is there. One that was left half-formatted is made anew.

    Raises `PrerequisiteError` where the tool fails.
    """
    home = _home(settings)
    home.mkdir(parents=True, exist_ok=True)
    if (home / "log").exists():
        return
    unfinished = home / "log.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    configuration = home / "format.properties"
    configuration.write_text(server_properties(settings, unfinished), encoding="utf-8")
    tool = [
        "kafka.tools.StorageTool",
        "format",
        "--standalone",
        "-t",
        _new_cluster_id(),
        "-c",
        str(configuration),
    ]
    answer = subprocess.run([*_java(settings), *tool], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise PrerequisiteError(
            f"Kafka's storage could not be formatted: {(answer.stderr or answer.stdout)[-600:]}"
        )
    unfinished.rename(home / "log")


def command(settings: Settings) -> list[str]:
    """Command line of the broker; writes the configuration that it names."""
    home = _home(settings)
    configuration = home / "server.properties"
    configuration.write_text(server_properties(settings, home / "log"), encoding="utf-8")
    return [*_java(settings), "kafka.Kafka", str(configuration)]


def server_properties(settings: Settings, log: Path) -> str:
    """Configuration of a broker that is its own controller and listens on loopback only."""
    host, port = settings.kafka.addresses()[0]
    require_loopback(host, "Kafka")
    controller = f"127.0.0.1:{settings.stack.kafka_controller_port}"
    properties = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.bootstrap.servers": controller,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{_bind_address(host)}:{port},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{controller}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": log,
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "log.segment.bytes": 256 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in properties.items())


def _bind_address(host: str) -> str:
    return "127.0.0.1" if host == "localhost" else host


def _home(settings: Settings) -> Path:
    return settings.data_dir / "kafka"


def _java(settings: Settings) -> list[str]:
    heap = settings.stack.kafka_heap
    classpath = os.pathsep.join(map(str, jar_paths(settings, "kafka")))
    logging = f"-Dlog4j2.configurationFile={LOG4J}"
    return [str(JAVA.find()), f"-Xmx{heap}", *JVM_OPTIONS, logging, "-cp", classpath]


def _new_cluster_id() -> str:
    """A cluster id as Kafka writes it: 16 bytes in URL-safe base 64, no leading dash (an option to its tools)."""
    # The first byte below 0xf8 keeps the first character from being one of the two last of the alphabet.
    first = uuid.uuid4().bytes[0] % 0xF8
    return base64.urlsafe_b64encode(bytes([first]) + uuid.uuid4().bytes[1:]).decode().rstrip("=")
