"""A container engine of the test's own: its socket, its data, its bridge; nothing of it is left on the machine."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stack.host.waiting import wait_until
from tests.containers.machine import run

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
BRIDGE = "172.30.0.1/24"
POOL = "base=172.31.0.0/16,size=24"


class Engine:
    """A running engine, by Docker's own command line."""

    def __init__(self, socket: Path, configuration: Path) -> None:
        self.environment = os.environ | {
            "DOCKER_HOST": f"unix://{socket}",
            "DOCKER_CONFIG": str(configuration),
            "DOCKER_BUILDKIT": "1",
            "COMPOSE_BAKE": "false",
        }

    def docker(self, *arguments: str) -> str:
        """Output of `docker ...`, which must succeed."""
        return run([DOCKER, *arguments], env=self.environment).strip()

    def compose(self, *arguments: str, **variables: str) -> str:
        """Output of `docker compose ...`, which must succeed."""
        return run([DOCKER, "compose", *arguments], env=self.environment | variables)

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`docker ...`, whatever comes of it."""
        command = [DOCKER, *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def images(self) -> set[str]:
        """Names of all images."""
        return set(self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())

    def inspect(self, name: str) -> dict[str, Any]:
        """All that the engine knows of a container or an image."""
        found: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return found


DOCKER = "/usr/bin/docker"
"""Debian's own client, of the same version as its engine."""


@contextmanager
def running_engine(data: Path, scratch: Path, configuration: Path) -> Iterator[Engine]:
    """An engine whose images and layers stay in `data`. The machine's network rules are left as they were."""
    rules = run(["iptables-save"])
    socket = scratch / "docker.sock"
    command = ["dockerd", "--data-root", str(data), "--exec-root", str(scratch / "exec")]
    command += ["--pidfile", str(scratch / "dockerd.pid"), "--host", f"unix://{socket}"]
    command += ["--bip", BRIDGE, "--default-address-pool", POOL]
    log = scratch / "dockerd.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    engine = Engine(socket, configuration)
    try:
        started = wait_until(
            lambda: process.poll() is not None or engine.tried("info").returncode == 0, START_TIMEOUT_S
        )
        assert started, log.read_text()[-3000:]
        assert process.poll() is None, log.read_text()[-3000:]
        yield engine
    finally:
        process.terminate()
        process.wait(STOP_TIMEOUT_S)
        subprocess.run(["ip", "link", "delete", "docker0"], check=False)
        subprocess.run(["iptables-restore"], input=rules, text=True, check=True)
