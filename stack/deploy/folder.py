"""`orderpulse deploy init`: the folder of secrets, certificates and configuration that compose mounts.

Everything in it is created once and kept; a second call creates what is missing. Only its owner may read
it, and the containers run as that user. `docker compose --env-file FOLDER/compose.env up` reads it.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.currencies import DEFAULT_CURRENCIES, parse_currencies
from core.errors import StackError
from core.settings import Settings, StackSettings
from stack.deploy.kafka import Node, broker_properties, format_arguments
from stack.deploy.names import BROKERS, POSTGRES, REPLICA, SECRETS, broker, inner
from stack.deploy.proxy import PASSWORDS, Plan, add_person, render
from stack.host.private_files import replace_file, write_private
from stack.secure.certificates import ensure_certificates
from stack.secure.identities import IDENTITIES, INTAKE_KEY, login, secret
from stack.servers.kafka.nodes import new_id

Profile = Literal["local", "cluster"]

OTHER_SECRETS = ("postgres_superuser", "replica", "spark", "jwt", "metrics", INTAKE_KEY, "operator", "viewer")
"""Secrets in addition to each identity's password; the last two are people's, for Dagster's pages."""

CONTAINER_USER = 10001
"""The containers' user if root creates the folder."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment: `name` is the public host name, the ports are the published ones."""

    folder: Path
    name: str
    profile: Profile
    https_port: int = 443
    http_port: int = 80
    observability: bool = False
    currencies: str = ",".join(DEFAULT_CURRENCIES)
    admit_late: bool = False

    @property
    def public(self) -> str:
        """Host and port of the pages, without the default port."""
        return self.name if self.https_port == 443 else f"{self.name}:{self.https_port}"

    @property
    def compose_profiles(self) -> list[str]:
        """Its profiles in `docker-compose.yml`."""
        wanted = {"cluster": self.profile == "cluster", "observability": self.observability}
        return [name for name, up in wanted.items() if up]

    @property
    def brokers(self) -> tuple[int, ...]:
        """Numbers of its brokers."""
        return BROKERS if self.profile == "cluster" else BROKERS[:1]


def planned(
    folder: Path,
    *,
    name: str | None = None,
    profile: Profile | None = None,
    https_port: int | None = None,
    http_port: int | None = None,
    observability: bool | None = None,
    currencies: str | None = None,
    admit_late: bool | None = None,
) -> Deployment:
    """The deployment with these options. An option of None has the value of the last call for `folder`, or the default.

    Raises `StackError` if a currency cannot be accepted.
    """
    last = _variables(folder)
    profiles = last.get("COMPOSE_PROFILES", "")
    return Deployment(
        folder,
        name or last.get("PUBLIC_NAME", "localhost").partition(":")[0],
        profile or ("cluster" if "cluster" in profiles else "local"),
        https_port or int(last.get("HTTPS_PORT", 443)),
        http_port or int(last.get("HTTP_PORT", 80)),
        "observability" in profiles if observability is None else observability,
        _checked(currencies or last.get("CURRENCIES") or ",".join(DEFAULT_CURRENCIES)),
        last.get("ADMIT_LATE") == "true" if admit_late is None else admit_late,
    )


def _checked(currencies: str) -> str:
    try:
        return ",".join(parse_currencies(currencies))
    except ValueError as error:
        raise StackError(f"--currencies: {error}.") from None


def make_folder(settings: Settings, deployment: Deployment) -> None:
    """Create everything in the folder that is missing.

    Raises `StackError` if the folder is for another profile, or its `proxy/nginx.conf` for another address.
    """
    folder = deployment.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = settings.model_copy(update={"stack": StackSettings(data_dir=folder)})
    _check_profile(deployment)
    _check_address(deployment)
    for name in (*IDENTITIES, *OTHER_SECRETS):
        secret(ours, name)
    ensure_certificates(ours, _hosts(deployment))
    _write_kafka(ours, deployment)
    _write_proxy(settings, ours, deployment)
    _write_monitor(settings, folder)
    _make_intake(folder)
    _write_variables(deployment, folder)
    if os.geteuid() == 0:
        _hand_over(folder)


def _check_profile(deployment: Deployment) -> None:
    path = deployment.folder / "profile"
    if path.exists() and path.read_text(encoding="utf-8").strip() != deployment.profile:
        raise StackError(
            f"{deployment.folder} is for the profile {path.read_text(encoding='utf-8').strip()}; Kafka's nodes "
            "cannot change it later. Use another folder, and another project name for its volumes."
        )
    write_private(path, f"{deployment.profile}\n")


def _check_address(deployment: Deployment) -> None:
    last, path = _variables(deployment.folder).get("PUBLIC_NAME"), deployment.folder / "proxy" / "nginx.conf"
    if path.exists() and last not in (None, deployment.public):
        raise StackError(
            f"{path} is for https://{last}/ and may have your changes, so it is not overwritten. To move to "
            f"https://{deployment.public}/ remove it, then repeat this command and restart the proxy."
        )


def _variables(folder: Path) -> dict[str, str]:
    """The variables in `compose.env` from the last call; empty before the first."""
    path = folder / "compose.env"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


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
    passwords = {login("owner"): secret(ours, "owner")}  # the user that creates the others
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
        run=Path("/tmp"),  # noqa: S108  # the container's own tmpfs
        api="api.pages:8000",
        dagster="dagster-webserver.operate:3000",
        viewers="dagster-viewer.view:3000",
        docs="dbt-docs.docs:3080",
        charts="grafana.charts:3000",
        intake="intake.webhooks:8090",
    )
    if not (folder / "nginx.conf").exists():
        write_private(folder / "nginx.conf", render(settings, plan))


def _write_monitor(settings: Settings, folder: Path) -> None:
    """Write Prometheus's and Grafana's files, readable by the containers' user, and the folder of the samples."""
    copied = folder / "observability"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(settings.root / "deploy" / "observability", copied)
    (folder / "prometheus").mkdir(exist_ok=True, mode=0o700)


def _make_intake(folder: Path) -> None:
    """Where a shop's own sources and its senders' secrets go; intake takes them while it runs."""
    for name in ("sources", "secrets", "secrets/sources", "secrets/senders"):
        (folder / "intake" / name).mkdir(parents=True, exist_ok=True, mode=0o700)


def _write_variables(deployment: Deployment, folder: Path) -> None:
    """Write the variables of `docker-compose.yml`. None of them is secret."""
    root = os.geteuid() == 0
    clustered = deployment.profile == "cluster"
    variables = {
        "DEPLOY_DIR": folder,
        "DEPLOY_UID": CONTAINER_USER if root else os.geteuid(),
        "DEPLOY_GID": CONTAINER_USER if root else os.getegid(),
        "PUBLIC_NAME": deployment.public,
        "HTTPS_PORT": deployment.https_port,
        "HTTP_PORT": deployment.http_port,
        "COMPOSE_PROFILES": ",".join(deployment.compose_profiles),
        "KAFKA_ADDRESSES": ",".join(f"{broker(number)}:9092" for number in deployment.brokers),
        "KAFKA_COPIES": 3 if clustered else 1,
        "KAFKA_IN_SYNC": 2 if clustered else 1,
        "SPARK_MASTER": "spark://spark-master.compute:7077" if clustered else "local[2]",
        "CURRENCIES": deployment.currencies,
        "ADMIT_LATE": str(deployment.admit_late).lower(),
        "STREAM_PARALLELISM": 3 if clustered else 1,
    }
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    replace_file(folder / "compose.env", lines.encode(), 0o644)
    reads = f"ORDERPULSE_API__REPLICA_HOST={REPLICA}\n" if clustered else ""
    replace_file(folder / "api.env", reads.encode(), 0o644)


def _hand_over(folder: Path) -> None:
    """Give everything to the containers' user, who cannot read root's files."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, CONTAINER_USER, CONTAINER_USER, follow_symlinks=False)
