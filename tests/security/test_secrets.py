"""Secrets stay where they belong: not in what is printed, logged, answered, stored by dbt or Dagster, or listed by `ps`."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import dagster as dg
import httpx
import psutil
import pytest
from pydantic import BaseModel, SecretStr

from core.settings import PostgresSettings, Settings
from orchestration.definitions import defs
from orchestration.manifest import ensure_manifest
from spark_jobs.session import _options
from stack.host.environment import child_environment, settings_as_environment
from stack.host.ports import free_ports
from stack.host.waiting import wait_until
from stack.secure.authority import Authority
from tests.tokens import claims, sign

DEADLINE_S = 90.0
RANDOM = "Zq7Xw9Kd3Lm5Rt8Vb2Nc6Hj4"

SHOWN = """
import logging, structlog, traceback
from core.logging import configure_logging, get_logger
from core.settings import load_settings
configure_logging("debug", process="test")
settings = load_settings()
print(repr(settings), str(settings), settings.model_dump(), settings.model_dump_json())
get_logger("test").info("with settings", settings=settings, kafka=settings.kafka)
def fails(settings, postgres):
    from core import kafka, postgres as database
    from adbc_driver_postgresql import dbapi
    for attempt in (
        lambda: database.connect(postgres),
        lambda: database.wait_until_reachable(postgres, 0),
        lambda: dbapi.connect(database.uri(postgres)),
        lambda: kafka.wait_until_reachable(settings.kafka, 0.5),
        lambda: kafka.end_offsets(settings.kafka, "events_raw", 0.5),
        lambda: load_settings(postgres={"password": {"nested": settings.postgres.password.get_secret_value()}}),
    ):
        try:
            attempt()
            raise SystemExit("it worked")
        except Exception as error:
            print(repr(error))
            traceback.print_exc()
            get_logger("test").exception("failed")
            logging.getLogger("plain").exception("failed")
fails(settings, settings.postgres)
"""


@dataclass
class Seen:
    """What anybody could see while the programs ran, by where."""

    secrets: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)
    command_lines: set[str] = field(default_factory=set)

    def leaks(self) -> list[tuple[str, str]]:
        """(where, setting) of each secret that was seen."""
        texts = self.texts | {line: line for line in self.command_lines}
        return [
            (where, setting)
            for where, text in texts.items()
            for setting, secret in self.secrets.items()
            if secret in text
        ]

    def look_at(self, processes: list[subprocess.Popen[bytes]]) -> None:
        """Note the command lines of `processes` and all they have started."""
        for process in processes:
            try:
                own = psutil.Process(process.pid)
                for each in (own, *own.children(recursive=True)):
                    self.command_lines.add(" ".join(each.cmdline()))
            except psutil.NoSuchProcess:
                continue


def hushed(settings: Settings) -> tuple[Settings, dict[str, str]]:
    """The settings with a secret of its own in each place for one, and these by their settings' names."""
    secrets: dict[str, str] = {}
    groups: dict[str, BaseModel] = {}
    for name in type(settings).model_fields:
        group = getattr(settings, name)
        if not isinstance(group, BaseModel):
            continue
        changes: dict[str, Any] = {}
        for inner, described in type(group).model_fields.items():
            if SecretStr in (described.annotation, *get_args(described.annotation)):
                secret = f"hush{len(secrets)}{RANDOM}{inner}"
                secrets[f"{name}.{inner}"] = secret
                address = f"https://127.0.0.1:1/{secret}" if inner.endswith("_url") else secret
                changes[inner] = SecretStr(address)
        groups[name] = group.model_copy(update=changes)
    return settings.model_copy(update=groups), secrets


@pytest.fixture(scope="module")
def hushed_settings(
    settings: Settings, postgres_server: PostgresSettings, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Settings, dict[str, str]]:
    """Every secret is set, and wrong for a PostgreSQL that runs; the broker is away."""
    folder = tmp_path_factory.mktemp("hushed")
    authority = folder / "ca.pem"
    authority.write_bytes(Authority.make().pair.public_pem())
    kafka = {
        "bootstrap_servers": f"localhost:{free_ports(1)[0]}",
        "security_protocol": "SASL_SSL",
        "username": "generator",
        "ca_file": authority,
    }
    changed: dict[str, dict[str, Any]] = {
        "kafka": kafka,
        "api": {"auth": "required", "port": free_ports(1)[0]},
        "stack": {"data_dir": folder / "data"},
        "stream": {"checkpoint_dir": folder / "checkpoints"},
    }
    groups = {name: getattr(settings, name).model_copy(update=fields) for name, fields in changed.items()}
    return hushed(settings.model_copy(update=groups))


@pytest.fixture(scope="module")
def seen(hushed_settings: tuple[Settings, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What the programs show, all run at the same time."""
    settings, secrets = hushed_settings
    folder = tmp_path_factory.mktemp("shown")
    logs = ["--log-path", str(folder / "dbt-logs")]
    ending = {
        "status": ["-m", "stack", "status"],
        "doctor": ["-m", "stack", "doctor"],
        "migrate": ["-m", "stack", "db", "migrate"],
        "dbt": ["-m", "stack", "dbt", "--log-level", "debug", "debug", *logs],
        "stream": ["-m", "spark_jobs.stream"],
        "shown": ["-c", SHOWN],
    }
    lasting = {"generator": ["-m", "generator"], "api": ["-m", "api"]}
    found = Seen(secrets)
    processes = {
        name: _started(settings, arguments, folder / f"{name}.log")
        for name, arguments in (lasting | ending).items()
    }

    def over() -> bool:
        found.look_at(list(processes.values()))
        return all(processes[name].poll() is not None for name in ending)

    try:
        assert wait_until(over, DEADLINE_S), [name for name in ending if processes[name].poll() is None]
        found.texts |= _answers(settings)
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    for path in folder.rglob("*"):
        if path.is_file():
            found.texts[str(path.relative_to(folder))] = path.read_text(errors="replace")
    return found


def _started(settings: Settings, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=child_environment(settings),
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )


def _answers(settings: Settings) -> dict[str, str]:
    """What the API says while its database refuses it."""
    assert settings.api.jwt_secret is not None
    token = sign(claims(), settings.api.jwt_secret.get_secret_value())
    found = {}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{settings.api.port}", timeout=10, trust_env=False
    ) as client:
        for path in ("/readyz", "/api/v1/kpi", "/api/v1/health", "/api/v1/about", "/metrics"):
            answer = client.get(path, headers={"Authorization": f"Bearer {token}"})
            found[path] = f"{answer.headers} {answer.text}"
    return found


def test_every_program_was_there_to_be_looked_at(seen: Seen) -> None:
    """Without this the test below would pass for programs that showed nothing."""
    assert len(seen.secrets) >= 4
    for text, words in {
        "shown.log": "password authentication failed",
        "doctor.log": "Python",
        "migrate.log": "orderpulse: ",
        "stream.log": "stream.failed",
        "dbt.log": "password authentication failed",
        "dbt-logs/dbt.log": "profiles",
        "generator.log": "generator",
        "/readyz": "The database",
    }.items():
        assert words in seen.texts[text], (text, seen.texts[text][-2000:])
    for program in ("stack status", "-m generator", "-m api", "spark_jobs.stream"):
        assert any(program in line for line in seen.command_lines), program


def test_no_secret_is_seen(seen: Seen) -> None:
    assert seen.leaks() == []


def test_a_secret_would_be_seen(seen: Seen) -> None:
    secret = seen.secrets["postgres.password"]
    leaking = Seen(seen.secrets, {"log": f"postgresql://app:{secret}@localhost"}, {f"psql password={secret}"})
    assert len(leaking.leaks()) == 2


def test_spark_submit_is_given_no_secret(
    hushed_settings: tuple[Settings, dict[str, str]], jars: None
) -> None:
    """These become the command line of a JVM, which everybody can list."""
    settings, secrets = hushed_settings
    options = " ".join(_options(settings, "test", None).values())
    assert "-XX:" in options
    assert not any(secret in options for secret in secrets.values())


def test_dagster_stores_no_secret(
    monkeypatch: pytest.MonkeyPatch, hushed_settings: tuple[Settings, dict[str, str]]
) -> None:
    """The snapshots of jobs are rows of its database, with the configuration of all resources; its pages show them."""
    settings, secrets = hushed_settings
    for name, value in settings_as_environment(settings).items():
        monkeypatch.setenv(name, value)
    ensure_manifest()
    repository = defs().get_repository_def()
    jobs = repository.get_all_jobs()
    stored = [dg.serialize_value(job.get_job_snapshot()) for job in jobs] + [
        str(job.run_config) for job in jobs
    ]
    resources = repository.get_top_level_resources()
    shown = [repr(vars(each)) for each in resources.values()]
    assert any("set_generator_rate" in text for text in stored)
    assert any("PostgresResource" in text for text in shown)
    assert Seen(secrets, {str(number): text for number, text in enumerate(stored + shown)}).leaks() == []
