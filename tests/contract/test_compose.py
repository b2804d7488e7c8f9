"""The containers' files agree with the code, and leave nothing open that need not be."""

import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from pydantic import BaseModel

from core.production import SERVERS, Use
from core.settings import Settings, load_settings
from core.spark import SPARK_SECURITY
from orchestration.webserver.guard import served_hosts
from stack.cli import app
from stack.deploy.folder import OTHER_SECRETS, Deployment, make_folder
from stack.deploy.names import INNER_DOMAIN, broker, inner
from stack.host.environment import settings_as_environment
from stack.local.programs import PROGRAMS, SERVICES
from stack.secure.identities import IDENTITIES, login
from stack.servers.frontend import ensure_packages

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILES = sorted((ROOT / "deploy").rglob("*Dockerfile"))
INTERPOLATED = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")
ONE_SHOT = {"setup"}
"""They end, so nothing asks whether they are well."""

OUTSIDE_SETTINGS = {
    "ENVIRONMENT",
    "ORDERPULSE_SECRETS_DIR",
    "SPARK_CONF_DIR",
    "SPARK_LOCAL_DIRS",
    "SPARK_LOCAL_HOSTNAME",
}
OTHER_VARIABLES = OUTSIDE_SETTINGS | {
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_INITDB_ARGS",
    "PRIMARY_HOST",
    "PUBLIC_NAME",
}


@cache
def compose() -> dict[str, Any]:
    """The compose file as it stands; variables are not replaced."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


SERVICES_OF_COMPOSE: dict[str, dict[str, Any]] = compose()["services"]


def each(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", names or list(SERVICES_OF_COMPOSE))


def words(service: dict[str, Any]) -> list[str]:
    of_image = ["python", "-m"] if service["image"].startswith("orderpulse/platform:") else []
    return [*service.get("entrypoint", of_image), *service.get("command", [])] or ["postgres"]


def secrets(service: dict[str, Any]) -> dict[str, str]:
    """Secret by the name of its file in the container."""
    listed = [
        {"source": each, "target": each} if isinstance(each, str) else each
        for each in service.get("secrets", [])
    ]
    return {secret["target"]: secret["source"] for secret in listed}


def networks(service: dict[str, Any]) -> set[str]:
    return set(service["networks"])


def aliases(name: str) -> set[str]:
    """The names under which a service is found."""
    listed = SERVICES_OF_COMPOSE[name]["networks"]
    own = [each.get("aliases", []) for each in listed.values()] if isinstance(listed, dict) else []
    return {name, *(alias for many in own for alias in many)}


# ---- What is open to whom ------------------------------------------------------------------------


def test_only_the_proxy_is_published() -> None:
    assert [name for name, service in SERVICES_OF_COMPOSE.items() if "ports" in service] == ["proxy"]
    for service in SERVICES_OF_COMPOSE.values():
        assert service.get("network_mode") is None


@each()
def test_a_service_has_no_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES_OF_COMPOSE[name]
    assert service["user"].startswith("${DEPLOY_UID:-10001}:")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & set(service)
    assert "docker.sock" not in str(service)


@each()
def test_a_service_is_limited_and_watched(name: str) -> None:
    service = SERVICES_OF_COMPOSE[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["restart"] in ("unless-stopped", "on-failure:3")
    assert ("healthcheck" in service) == (name not in ONE_SHOT)
    assert re.search(r":v?\d+\.\d+\.\d+", service["image"]), "an exact version"


def test_networks_keep_apart_what_has_nothing_to_say_to_each_other() -> None:
    members = {
        network: {name for name, service in SERVICES_OF_COMPOSE.items() if network in networks(service)}
        for network in compose()["networks"]
    }
    brokers = {broker(number) for number in (1, 2, 3)}
    assert members["edge"] == {"proxy"}
    assert members["outside"] == {"dagster-code"}
    assert members[INNER_DOMAIN] == brokers
    assert members["pages"] == {"proxy", "api", "prometheus"}
    assert members["charts"] == {"proxy", "grafana"}
    assert members["monitoring"] == {"prometheus", "grafana"}
    assert members["webhooks"] == {"proxy", "intake", "api"}
    assert networks(SERVICES_OF_COMPOSE["intake"]) == {"webhooks", "stream"}, "no database, no way out"
    assert members["operate"] == {"proxy", "api", "dagster-webserver"}
    assert members["view"] == {"proxy", "dagster-viewer"}
    assert members["docs"] == {"proxy", "dbt-docs"}
    assert members["code"] == {"dagster-code", "dagster-daemon", "dagster-webserver", "dagster-viewer"}
    assert {"api", "proxy"}.isdisjoint(members["stream"] | members["compute"])
    assert {"proxy", "dbt-docs", *brokers}.isdisjoint(members["data"])
    leading_out = {name for name, network in compose()["networks"].items() if not network.get("internal")}
    assert leading_out == {"edge", "outside"}


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("api", "pages"),
        ("dagster-webserver", "operate"),
        ("dagster-viewer", "view"),
        ("dbt-docs", "docs"),
        ("dagster-code", "code"),
        ("intake", "webhooks"),
    ],
)
def test_what_knows_no_password_listens_in_one_network_alone(name: str, network: str) -> None:
    """Its name in that network leads to its address there, and to no other of its addresses."""
    service = SERVICES_OF_COMPOSE[name]
    assert service["networks"][network] == {"aliases": [f"{name}.{network}"]}
    settings = service.get("environment", {})
    own = {"api": "ORDERPULSE_API__HOST", "intake": "ORDERPULSE_INTAKE__HOST"}
    listens = settings.get(own.get(name, "ORDERPULSE_DAGSTER__LISTEN_HOST")) or words(service)[3]
    assert listens == f"{name}.{network}"


def test_a_service_knows_its_own_passwords_alone() -> None:
    known = {
        name: set(secrets(service).values()) & {*IDENTITIES, *OTHER_SECRETS}
        for name, service in SERVICES_OF_COMPOSE.items()
    }
    known.pop("setup")  # it makes the users
    assert known.pop("postgres") == {"postgres_superuser"}
    assert known.pop("postgres-replica") == {"replica"}
    assert known.pop("dagster-code") == {"dagster", "dbt"}
    assert known.pop("spark-stream") == {"spark_stream", "spark"}
    assert known.pop("api") == {"api", "jwt", "metrics", "intake_key"}
    assert known.pop("prometheus") == {"metrics"}
    assert known.pop("generator") == {"generator"}
    assert known.pop("intake") == {"intake", "intake_key"}
    for name, secret in known.items():
        allowed = (
            {"dagster"} if name.startswith("dagster") else {"spark"} if name.startswith("spark") else set()
        )
        assert secret == allowed, name


@each()
def test_no_secret_is_an_environment_variable(name: str) -> None:
    for variable in SERVICES_OF_COMPOSE[name].get("environment", {}):
        assert variable.endswith("_FILE") or not re.search("PASSWORD|SECRET$|TOKEN", variable), variable


# ---- What is named exists ------------------------------------------------------------------------


@each()
def test_its_command_exists(name: str) -> None:
    found = words(SERVICES_OF_COMPOSE[name])
    if found[:2] == ["python", "-m"]:
        module, *arguments = found[2:] or ["stack"]
        assert find_spec(module) is not None
        if module == "stack":
            _check_command(arguments)
    elif found[0] == "sh":
        assert (ROOT / found[1]).is_file()
    else:
        images_own = ("nginx", "postgres", "orderpulse-replica", "/bin/prometheus", "/run.sh")
        assert found[0] in images_own, "the image's own, or copied into it"
    for path in (word for word in found if word.startswith("deploy/")):
        assert (ROOT / path).is_file()


@each(*(name for name in SERVICES_OF_COMPOSE if name not in ONE_SHOT))
def test_its_health_check_exists(name: str) -> None:
    kind, *found = SERVICES_OF_COMPOSE[name]["healthcheck"]["test"]
    assert kind == "CMD", "no shell"
    if found[:2] == ["deploy/healthy", "verdict"]:
        assert found[2] in {*SERVICES, "dagster_daemon"}, "who writes one"
    elif found[0] == "deploy/healthy":
        assert found[1] in ("answers", "listens")
        assert found[2] in aliases(name) | {"127.0.0.1"}
    else:
        assert found[0] in ("pg_isready", "curl", "wget"), (
            "a check that starts Python costs seconds of a busy machine"
        )


@each()
def test_its_variables_are_settings(name: str) -> None:
    known = {*settings_as_environment(_filled(Settings)), *OTHER_VARIABLES, "ORDERPULSE_API__JWT_SECRET"}
    assert set(SERVICES_OF_COMPOSE[name].get("environment", {})) <= known


@each()
def test_its_secrets_volumes_networks_and_neighbours_exist(name: str) -> None:
    service = SERVICES_OF_COMPOSE[name]
    assert set(secrets(service).values()) <= set(compose()["secrets"])
    assert networks(service) <= set(compose()["networks"])
    named = {each.partition(":")[0] for each in service.get("volumes", []) if isinstance(each, str)}
    assert named <= set(compose()["volumes"])
    for other, wish in service.get("depends_on", {}).items():
        complete = wish["condition"] == "service_completed_successfully"
        assert complete == (other in ONE_SHOT)
        assert complete or wish["condition"] == "service_healthy"
        assert (
            wish.get("required", True) != ("profiles" in SERVICES_OF_COMPOSE[other]) or "profiles" in service
        )


def test_nothing_is_declared_that_nobody_uses() -> None:
    used = {secret for service in SERVICES_OF_COMPOSE.values() for secret in secrets(service).values()}
    assert set(compose()["secrets"]) == used
    volumes = {
        str(each).partition(":")[0]
        for service in SERVICES_OF_COMPOSE.values()
        for each in service.get("volumes", [])
    }
    assert set(compose()["volumes"]) <= volumes


@each(
    "generator",
    "spark-stream",
    "dagster-code",
    "dagster-daemon",
    "dagster-webserver",
    "dagster-viewer",
    "api",
    "intake",
    "setup",
)
def test_its_settings_are_fit_for_production(
    name: str, deployment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, folder = SERVICES_OF_COMPOSE[name], deployment.parent / f"secrets-{name}"
    folder.mkdir(exist_ok=True)
    for target, source in secrets(service).items():
        (folder / target).write_bytes(_secret_file(deployment, source).read_bytes())
        (folder / target).chmod(0o600)
    for variable, value in service["environment"].items():
        text = _replaced(str(value), deployment).replace("/run/secrets", str(folder))
        monkeypatch.setenv(variable, text)
    for line in (deployment / "api.env").read_text().splitlines() if "env_file" in service else []:
        monkeypatch.setenv(*line.split("=", 1))
    uses: dict[str, frozenset[Use]] = {
        "api": frozenset({"postgres", "tokens"}),
        "intake": frozenset({"kafka"}),
    }
    settings = load_settings(uses=uses.get(name, SERVERS))
    user = {"setup": "owner", "spark-stream": "spark_stream"}.get(name, name.partition("-")[0])
    known = settings.kafka.username if name == "intake" else settings.postgres.user
    assert known == login(user)  # type: ignore[arg-type]  # one of the names
    assert settings.dagster.process_host == "services"
    assert settings.api.jwt_secret is None or name == "api"
    assert settings.api.replica_host == ("postgres-replica" if name == "api" else None)
    if name in ("dagster-webserver", "dagster-viewer"):
        asked_as = {"pulse.example", "dagster-webserver.operate", service["healthcheck"]["test"][3]}
        assert served_hosts(settings.dagster) >= asked_as, "by the proxy, the API and the health check"


def test_the_services_are_those_that_the_orchestration_manages() -> None:
    served = {words(service)[-1] for service in SERVICES_OF_COMPOSE.values() if "serve" in words(service)}
    assert served == set(SERVICES)


def test_names_in_addresses_lead_to_a_service() -> None:
    found = {alias for name in SERVICES_OF_COMPOSE for alias in aliases(name)}
    assert {inner(number) for number in (1, 2, 3)} | {broker(number) for number in (1, 2, 3)} <= found
    proxy = (ROOT / "stack" / "deploy" / "folder.py").read_text(encoding="utf-8")
    hosts = re.findall(r'="([a-z.-]+):\d+"', proxy)
    assert len(hosts) == 6
    assert set(hosts) <= found
    for properties in (ROOT / "deploy" / "spark").rglob("spark-defaults.conf"):
        for host in re.findall(r"[\w-]+\.compute", properties.read_text(encoding="utf-8")):
            assert host in found
    for service in SERVICES_OF_COMPOSE.values():
        for host in re.findall(r"[\w-]+\.compute", str(words(service))):
            assert host in found


def test_every_variable_is_made_by_init(deployment: Path) -> None:
    made = {line.partition("=")[0] for line in (deployment / "compose.env").read_text().splitlines()}
    asked = {name for name, _ in INTERPOLATED.findall(COMPOSE.read_text(encoding="utf-8"))}
    assert asked <= made


def test_every_secret_is_made_by_init(deployment: Path) -> None:
    for name in compose()["secrets"]:
        path = _secret_file(deployment, name)
        assert path.is_file(), path
        assert name == "ca.pem" or path.stat().st_mode & 0o077 == 0, "for nobody else"


def test_one_machine_leaves_the_monitor_out(deployment: Path) -> None:
    """It is up where somebody asked for it: `orderpulse deploy init --observability`."""
    monitor = {
        name for name, each in SERVICES_OF_COMPOSE.items() if each.get("profiles") == ["observability"]
    }
    assert monitor == {"prometheus", "grafana"}
    assert not {program.name for program in PROGRAMS} & monitor
    assert "COMPOSE_PROFILES=cluster\n" in (deployment / "compose.env").read_text()
    asked = Deployment(deployment, "pulse.example", "cluster", observability=True)
    assert asked.compose_profiles == ["cluster", "observability"]


def test_what_the_monitor_mounts_is_made_by_init(deployment: Path) -> None:
    for name in ("prometheus", "grafana"):
        for volume in SERVICES_OF_COMPOSE[name]["volumes"]:
            assert Path(volume["source"].replace("${DEPLOY_DIR}", str(deployment))).is_dir()
    listens = [word for word in SERVICES_OF_COMPOSE["prometheus"]["command"] if "listen" in word]
    assert listens == ["--web.listen-address=prometheus.monitoring:9090"]
    grafana = (deployment / "observability" / "grafana" / "grafana.ini").read_text()
    assert "http_addr = grafana.charts\n" in grafana
    found = {alias for name in SERVICES_OF_COMPOSE for alias in aliases(name)}
    for path in (deployment / "observability").rglob("*.y*ml"):
        hosts = re.findall(r"([a-z-]+\.[a-z]+):\d+", path.read_text())
        assert set(hosts) <= found


def test_sparks_security_is_that_of_the_code() -> None:
    for role in ("master", "worker"):
        text = (ROOT / "deploy" / "spark" / f"{role}.properties").read_text(encoding="utf-8")
        lines = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert SPARK_SECURITY.items() <= lines.items()


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_dockerfile_copies_exists(dockerfile: Path) -> None:
    text = dockerfile.read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!.*--from)(.*)$", text, re.MULTILINE):
        for source in [word for word in line.split() if not word.startswith("--")][:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored, "it is sent to the builder"
    for image in re.findall(r"^FROM (\S+:\S+)|_IMAGE=(\S+)$", text, re.MULTILINE):
        assert re.search(r":\d+\.\d+", "".join(image)), "an exact version"
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["${DEPLOY_UID}:${DEPLOY_GID}"]


def test_the_images_packages_are_those_of_the_lock() -> None:
    ours, image = _locked(ROOT / "requirements.lock"), _locked(ROOT / "deploy" / "requirements.lock")
    differing = [name for name in image if image[name] != ours.get(name)]
    assert differing == [], (
        "run `uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --constraint requirements.lock "
        "pyproject.toml -o deploy/requirements.lock`"
    )
    assert {"dagster", "pyspark", "bcrypt"} <= set(image)
    assert "pytest" not in image


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        ["hadolint", *map(str, DOCKERFILES), str(ROOT / ".devcontainer" / "Dockerfile")],
    ],
    ids=lambda command: command[0],
)
def test_linters_find_nothing(command: list[str]) -> None:
    program, *arguments = command
    answer = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def dclint(folder: Path, content: dict[str, Any]) -> list[tuple[str, str]]:
    """Rule and words of each error that dclint, one of the dashboard's tools, finds; its warnings are about order and quotes.

    It reads no more than a hundred anchors, so it gets the file without: JSON is YAML.
    """
    ensure_packages(load_settings())
    program = ROOT / "frontend" / "node_modules" / ".bin" / "dclint"
    written = folder / "docker-compose.yml"
    written.write_text(json.dumps(content), encoding="utf-8")
    for_everybody = "--disable-rule=no-unbound-port-interfaces"  # the one published service
    command = [str(program), str(written), "--quiet", "--formatter=json", for_everybody]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [message for file in json.loads(answer.stdout) for message in file["messages"]]
    assert answer.returncode == bool(found), answer.stderr
    return [(message["rule"], message["message"]) for message in found]


def test_dclint_finds_nothing(tmp_path: Path) -> None:
    assert dclint(tmp_path, compose()) == []


def test_the_linters_bite(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {a: {image: a, ports: {a: b}}}", encoding="utf-8")
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n", encoding="utf-8")
    for program, arguments in (
        ("check-jsonschema", ["--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yml"]),
        ("hadolint", [tmp_path / "Dockerfile"]),
    ):
        command = [Path(sys.executable).with_name(program), *arguments]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    unpinned = {"name": "a", "services": {"a": {"image": "postgres", "ports": ["80:80", "80:81"]}}}
    rules = {rule for rule, _ in dclint(tmp_path, unpinned)}
    assert {"service-image-require-explicit-tag", "no-duplicate-exported-ports"} <= rules


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cluster's deployment."""
    folder = tmp_path_factory.mktemp("deployment") / "folder"
    make_folder(load_settings(), Deployment(folder, "pulse.example", "cluster"))
    return folder


def _check_command(arguments: list[str]) -> None:
    import typer

    group = typer.main.get_group(app)
    command: Any = group
    for word in arguments:
        if not hasattr(command, "commands"):
            assert word in {program.name for program in PROGRAMS}
            return
        command = command.commands[word]


def _secret_file(deployment: Path, name: str) -> Path:
    return Path(compose()["secrets"][name]["file"].replace("${DEPLOY_DIR}", str(deployment)))


def _replaced(text: str, deployment: Path) -> str:
    made = dict(line.split("=", 1) for line in (deployment / "compose.env").read_text().splitlines())
    return INTERPOLATED.sub(lambda match: made[match[1]], text)


def _locked(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    blocks = re.split(r"\n(?=[a-z])", path.read_text(encoding="utf-8"))
    found = [(re.match(r"([a-z0-9._-]+)==(\S+)", block), block) for block in blocks]
    return {
        match[1]: (match[2], frozenset(re.findall("sha256:[0-9a-f]+", block)))
        for match, block in found
        if match
    }


def _filled(model: type[BaseModel]) -> Any:
    """An instance whose optional fields have values, so that each shows as a variable."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            values[name] = _filled(kind)
        else:
            default = field.get_default(call_default_factory=True)
            values[name] = "set" if default is None else default
    return model.model_construct(**values)
