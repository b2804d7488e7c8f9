"""Kafka's nodes on this machine: their storage and their command lines."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from core.errors import PrerequisiteError
from core.jars import jar_paths
from core.settings import Settings
from stack.host.prerequisite import JAVA
from stack.host.private_files import write_private
from stack.secure.certificates import KAFKA_PRINCIPAL, ensure_certificates
from stack.secure.identities import IDENTITIES, login, secret
from stack.servers.kafka.nodes import Node, kafka_node, kafka_nodes, new_id, quorum
from stack.servers.kafka.properties import BROKER_SECRET, MECHANISM, server_properties

LOG4J = Path(__file__).parent / "log4j2.properties"
JVM_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:MaxDirectMemorySize=128m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)


def prepare(settings: Settings, node: int = 1) -> None:
    """Format the storage of a node, unless it exists. A half-formatted one is formatted again.

    On a secured platform its certificates are created too. Raises `PrerequisiteError` if Kafka's
    tool fails.
    """
    own = kafka_node(settings, node)
    own.home.mkdir(parents=True, exist_ok=True)
    if settings.stack.security == "on":
        ensure_certificates(settings)
    if (own.home / "log").exists():
        return
    unfinished = own.home / "log.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    configuration = own.home / "format.properties"
    write_private(configuration, server_properties(settings, unfinished, node))
    # Arguments with passwords go into a file: a command line is readable by everyone on the machine.
    arguments = own.home / "format.arguments"
    write_private(arguments, "\n".join(["-c", str(configuration), *_format_arguments(settings)]))
    tool = ["kafka.tools.StorageTool", "format", f"@{arguments}"]
    answer = subprocess.run([*_java(settings, own.home), *tool], capture_output=True, text=True, check=False)
    arguments.unlink()
    configuration.unlink()
    if answer.returncode != 0:
        said = (answer.stderr or answer.stdout)[-600:]
        for password in _passwords(settings).values():
            said = said.replace(password, "***")
        raise PrerequisiteError(f"Kafka's storage could not be formatted: {said}")
    unfinished.rename(own.home / "log")


def command(settings: Settings, node: int = 1) -> list[str]:
    """Command line of a node; also writes its configuration file."""
    home = kafka_node(settings, node).home
    configuration = home / "server.properties"
    write_private(configuration, server_properties(settings, home / "log", node))
    shutil.rmtree(_libraries(home), ignore_errors=True)  # left by a killed broker
    _libraries(home).mkdir()
    return [*_java(settings, home), "kafka.Kafka", str(configuration)]


def _format_arguments(settings: Settings) -> Iterator[str]:
    """Cluster id, initial controllers, and the users' initial passwords."""
    nodes = kafka_nodes(settings)
    if len(nodes) == 1:
        yield from ("-t", new_id(), "--standalone")
    else:
        ids = quorum(settings)
        yield from ("-t", ids.cluster_id)
        yield from ("--initial-controllers", ",".join(_voter(each, ids.directories) for each in nodes))
    for user, password in _passwords(settings).items():
        yield from ("--add-scram", f"{MECHANISM}=[name={user},password={password}]")


def _passwords(settings: Settings) -> dict[str, str]:
    """Password of each user; none on an open platform."""
    if settings.stack.security == "off":
        return {}
    users = {login(each.name): secret(settings, each.name) for each in IDENTITIES.values() if each.kafka}
    return {KAFKA_PRINCIPAL: secret(settings, BROKER_SECRET)} | users


def _voter(node: Node, directories: dict[int, str]) -> str:
    return f"{node.number}@{node.controller}:{directories[node.number]}"


def _java(settings: Settings, home: Path) -> list[str]:
    heap = settings.stack.kafka_heap
    classpath = os.pathsep.join(map(str, jar_paths(settings, "kafka")))
    files = [f"-Dlog4j2.configurationFile={LOG4J.as_uri()}", f"-Djava.io.tmpdir={_libraries(home)}"]
    return [str(JAVA.find()), f"-Xmx{heap}", *JVM_OPTIONS, *files, "-cp", classpath]


def _libraries(home: Path) -> Path:
    """Where snappy and zstd unpack their native libraries: /tmp may be mounted `noexec`."""
    return home / "libraries"
