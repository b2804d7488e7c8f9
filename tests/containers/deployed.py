"""One deployment in containers, used as a person does: `orderpulse deploy init`, Docker Compose, the pages."""

import json
import os
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from stack.host.environment import bare_environment
from stack.host.waiting import wait_until
from tests.containers.engine import Engine
from tests.containers.machine import run, tell

ROOT = Path(__file__).parents[2]
UP_TIMEOUT_S = 900.0
POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Deployed:
    """The platform in containers. `folder` is that of `orderpulse deploy init`, `project` what compose calls it."""

    engine: Engine
    folder: Path
    project: str
    https_port: int
    http_port: int

    def init(self, profile: Literal["local", "cluster"]) -> None:
        """`orderpulse deploy init`, as docs/deployment.md has it."""
        ports = ["--https-port", str(self.https_port), "--http-port", str(self.http_port)]
        command = [str(Path(sys.executable).with_name("orderpulse")), "deploy", "init", str(self.folder)]
        run([*command, "--profile", profile, *ports], folder=ROOT, env=bare_environment())

    def compose(self, *arguments: str) -> str:
        """`docker compose` for this deployment."""
        options = ["--project-name", self.project, "--env-file", str(self.folder / "compose.env")]
        return self.engine.compose("--project-directory", str(ROOT), *options, *arguments)

    def up(self) -> float:
        """Start everything and wait until all of it is well; returns how many seconds that took."""
        started = time.monotonic()
        self.compose("up", "--detach")
        assert wait_until(lambda: not self.not_well(), UP_TIMEOUT_S, POLL_S), self.not_well()
        return time.monotonic() - started

    def services(self) -> dict[str, str]:
        """State and health of each container that has not ended, by its service."""
        lines = self.compose("ps", "--format", "{{.Service}} {{.State}}/{{.Health}}").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def not_well(self) -> dict[str, str]:
        """Those that are not well, and why their last check says so."""
        return {
            name: f"{state}: {self._last_check(name)}"
            for name, state in self.services().items()
            if state != "running/healthy"
        }

    def container(self, service: str) -> str:
        """Name of a service's container."""
        return f"{self.project}-{service}-1"

    def inspect(self, service: str) -> dict[str, Any]:
        """All that the engine knows of a container."""
        return self.engine.inspect(self.container(service))

    def shell(self, service: str, script: str) -> str:
        """Output of a shell script in a container, whatever its exit code."""
        answer = self.engine.tried("exec", self.container(service), "bash", "-c", script)
        return (answer.stdout + answer.stderr).strip()

    def value(self, query: str, service: str = "postgres") -> str:
        """The single value of a query, as the superuser; empty where the server does not answer."""
        address = "host=127.0.0.1 user=postgres dbname=realtime sslmode=require"
        password = "PGPASSWORD=$(cat /run/secrets/postgres_superuser)" if service == "postgres" else ""
        script = f'{password} psql "{address}" --no-psqlrc --tuples-only --no-align --command "$0"'
        answer = self.engine.tried("exec", self.container(service), "bash", "-c", script, query)
        return answer.stdout.strip()

    def wait_value(self, query: str, wanted: str = "t", timeout_s: float = 300.0) -> float:
        """Seconds until the query gives `wanted`."""
        started = time.monotonic()
        assert wait_until(lambda: self.value(query) == wanted, timeout_s, POLL_S), (
            f"{query} gave {self.value(query)!r} for {timeout_s:.0f} s; not well: {self.not_well()}"
        )
        return time.monotonic() - started

    def client(self, who: str | None = None, token: str | None = None) -> httpx.Client:
        """A client that comes from outside, through the proxy."""
        auth = (who, (self.folder / "secrets" / who).read_text()) if who else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        trusted = ssl.create_default_context(cafile=str(self.folder / "certificates" / "ca.pem"))
        address = f"https://localhost:{self.https_port}"
        return httpx.Client(
            base_url=address, verify=trusted, auth=auth, headers=headers, trust_env=False, timeout=30
        )

    def token(self, scope: str) -> str:
        """A token, as docs/deployment.md makes one."""
        secret = {"ORDERPULSE_API__JWT_SECRET": (self.folder / "secrets" / "jwt").read_text()}
        command = [sys.executable, "-m", "api.token", "--scope", scope]
        return run(command, folder=ROOT, env=bare_environment() | secret).strip()

    def crash(self, service: str) -> int:
        """End a container as a crash would: `docker kill` would be a stop on purpose. Returns its former starts."""
        found = self.inspect(service)
        os.kill(found["State"]["Pid"], 9)
        return int(found["RestartCount"])

    def memory(self) -> dict[str, str]:
        """Memory that each container takes now."""
        lines = self.engine.docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}").splitlines()
        own = [line.split() for line in lines if line.startswith(self.project)]
        return {words[0].removeprefix(f"{self.project}-").removesuffix("-1"): words[1] for words in own}

    def remains(self) -> dict[str, list[str]]:
        """Containers, networks and volumes that the engine has beside its own."""
        networks = set(self.engine.docker("network", "ls", "--format", "{{.Name}}").split())
        return {
            "containers": self.engine.docker("ps", "--all", "--format", "{{.Names}}").split(),
            "networks": sorted(networks - {"bridge", "host", "none"}),
            "volumes": self.engine.docker("volume", "ls", "--quiet").split(),
        }

    def remove(self) -> None:
        """Take it down with its data."""
        for name, why in self.not_well().items():
            tell(f"{self.project}: {name} was not well ({why})")
        self.compose("down", "--volumes", "--timeout", "20")

    def logs(self, service: str, lines: int = 40) -> str:
        """The end of a container's log."""
        return self.compose("logs", "--no-color", "--tail", str(lines), service)

    def _last_check(self, service: str) -> str:
        answer = self.engine.tried("inspect", "--format", "{{json .State.Health}}", self.container(service))
        if answer.returncode != 0 or answer.stdout.strip() == "null":
            return ""
        checks = json.loads(answer.stdout)["Log"]
        return str(checks[-1]["Output"]).strip() if checks else ""
