"""`orderpulse deploy init`: the folder of secrets, certificates and configuration that compose mounts.

Everything in it is made once and kept; a second call makes what is missing. Nobody but its owner may read
it, and the containers run as that user. `docker compose --env-file FOLDER/compose.env up` reads it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import StackError
from core.settings import Settings, StackSettings
from stack.certificates import ensure_certificates
from stack.deployment.kafka import Node, broker_properties, format_arguments
from stack.deployment.names import BROKERS, POSTGRES, REPLICA, SECRETS, broker, inner
from stack.identities import IDENTITIES, login, secret
from stack.kafka_nodes import new_id
from stack.private_files import replace_file, write_private
from stack.proxy import PASSWORDS, Plan, add_person, render

__all__ = ["OTHER_SECRETS", "Deployment", "make_folder"]

Profile = Literal["local", "cluster"]

OTHER_SECRETS = ("postgres_superuser", "replica", "spark", "jwt", "operator", "viewer")
"""Beside the password of each identity; the last two are for people, at Dagster's pages."""

CONTAINER_USER = 10001
"""The user of the containers where root makes the folder."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is deployed where: `name` is the host name that people use, the ports are the published ones."""

    folder: Path
    name: str
    profile: Profile
    https_port: int = 443
    http_port: int = 80

    @property
    def public(self) -> str:
        """Host and port of the pages, without a port that goes without saying."""
        return self.name if self.https_port == 443 else f"{self.name}:{self.https_port}"

    @property
    def brokers(self) -> tuple[int, ...]:
        """Numbers of its brokers."""
        return BROKERS if self.profile == "cluster" else BROKERS[:1]


def make_folder(settings: Settings, deployment: Deployment) -> None:
    """Make everything in the folder that is missing. Raises `StackError` where it is for another profile."""
    folder = deployment.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = settings.model_copy(update={"stack": StackSettings(data_dir=folder)})
    _check_profile(deployment)
    for name in (*IDENTITIES, *OTHER_SECRETS):
        secret(ours, name)
    ensure_certificates(ours, _hosts(deployment))
    _write_kafka(ours, deployment)
    _write_proxy(settings, ours, deployment)
    _write_variables(deployment, folder)
    if os.geteuid() == 0:
        _hand_over(folder)


def _check_profile(deployment: Deployment) -> None:
    path = deployment.folder / "profile"
    if path.exists() and path.read_text(encoding="utf-8").strip() != deployment.profile:
        raise StackError(
            f"{deployment.folder} is for the profile {path.read_text(encoding='utf-8').strip()}; Kafka's nodes "
            "cannot change it later. Take another folder, and another project name for its volumes."
        )
    write_private(path, f"{deployment.profile}\n")


def _hosts(deployment: Deployment) -> list[str]:
    names = [POSTGRES, REPLICA, deployment.name]
    for number in deployment.brokers:
        names += [broker(number), inner(number)]
    return names


def _write_kafka(ours: Settings, deployment: Deployment) -> None:
    folder = ours.data_dir / "kafka"
    folder.mkdir(exist_ok=True, mode=0o700)
    known = folder / "ids.json"
    if not known.exists():
        ids = {"cluster": new_id(), "directories": [new_id() for _ in deployment.brokers]}
        write_private(known, json.dumps(ids))
    ids = json.loads(known.read_text(encoding="utf-8"))
    nodes = [Node(number, ids["directories"][number - 1]) for number in deployment.brokers]
    passwords = {login("owner"): secret(ours, "owner")}  # who makes the others
    for node in nodes:
        write_private(folder / f"{broker(node.number)}.properties", broker_properties(node, nodes))
        arguments = format_arguments(node, nodes, ids["cluster"], passwords)
        write_private(folder / f"{broker(node.number)}.format", arguments)


def _write_proxy(settings: Settings, ours: Settings, deployment: Deployment) -> None:
    folder = ours.data_dir / "proxy"
    folder.mkdir(exist_ok=True, mode=0o700)
    if not (folder / PASSWORDS).exists():
        add_person(folder, "operator", secret(ours, "operator"), operator=True)
        add_person(folder, "viewer", secret(ours, "viewer"), operator=False)
    inside = Path("/etc/orderpulse")
    plan = Plan(
        name=deployment.name,
        public=deployment.public,
        http="8080",
        https="8443",
        certificate=SECRETS / "proxy.pem",
        key=SECRETS / "proxy.pem",
        people=inside,
        run=Path("/tmp"),  # noqa: S108  # a file system of the container's own, in memory
        api="api:8000",
        dagster="dagster-webserver:3000",
        viewers="dagster-viewer:3000",
        docs="dbt-docs:3080",
    )
    if not (folder / "nginx.conf").exists():
        write_private(folder / "nginx.conf", render(settings, plan))


def _write_variables(deployment: Deployment, folder: Path) -> None:
    """What `docker-compose.yml` leaves open. No secret is among it."""
    root = os.geteuid() == 0
    clustered = deployment.profile == "cluster"
    variables = {
        "DEPLOY_DIR": folder,
        "DEPLOY_UID": CONTAINER_USER if root else os.geteuid(),
        "DEPLOY_GID": CONTAINER_USER if root else os.getegid(),
        "PUBLIC_NAME": deployment.public,
        "HTTPS_PORT": deployment.https_port,
        "HTTP_PORT": deployment.http_port,
        "COMPOSE_PROFILES": "cluster" if clustered else "",
        "KAFKA_ADDRESSES": ",".join(f"{broker(number)}:9092" for number in deployment.brokers),
        "KAFKA_COPIES": 3 if clustered else 1,
        "KAFKA_IN_SYNC": 2 if clustered else 1,
        "SPARK_MASTER": "spark://spark-master.compute:7077" if clustered else "local[2]",
        "STREAM_PARALLELISM": 3 if clustered else 1,
    }
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    replace_file(folder / "compose.env", lines.encode(), 0o644)
    reads = f"ORDERPULSE_API__REPLICA_HOST={REPLICA}\n" if clustered else ""
    replace_file(folder / "api.env", reads.encode(), 0o644)


def _hand_over(folder: Path) -> None:
    """Give everything to the containers' user: it could not read root's files."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, CONTAINER_USER, CONTAINER_USER, follow_symlinks=False)
