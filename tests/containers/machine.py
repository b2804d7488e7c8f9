"""What a machine needs to run containers of its own: root on Debian, its engine, and Docker Compose built from source."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.debian import install
from core.errors import PrerequisiteError

COMPOSE_VERSION = "v2.40.3"
COMPOSE = "github.com/docker/compose/v2"
GO_MODULE = "module composebuild\n\ngo 1.24\n"
PACKAGES = {"dockerd": "docker.io", "debootstrap": "debootstrap", "iptables": "iptables"}
"""Debian's package of each program."""


def tell(what: str) -> None:
    """Progress, at once: a whole run takes half an hour."""
    sys.stdout.write(f"  {what}\n")
    sys.stdout.flush()


def run(command: list[str], *, folder: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; returns its standard output. Raises `PrerequisiteError` with its last words."""
    answer = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip()[-1500:]
        raise PrerequisiteError(f"`{' '.join(command[:4])} ...` failed: {said}")
    return answer.stdout


def ensure_programs() -> None:
    """Install the engine where it is missing. Raises `PrerequisiteError` that says in a line what is missing here."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PrerequisiteError(
            "`make test-containers` needs root on Debian: it starts a container engine of its own."
        )
    if Path("/sys/class/net/docker0").exists():
        raise PrerequisiteError(
            "A container engine already runs here (docker0 exists); stop it for this test."
        )
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            tell(f"installing {package}")
            install(package, "to test the containers")


def ensure_compose(cache: Path) -> Path:
    """Folder of Docker's configuration with the plugin `compose`, built once with Go. Raises `PrerequisiteError`."""
    folder = cache / f"compose-{COMPOSE_VERSION}"
    program = folder / "cli-plugins" / "docker-compose"
    if program.exists():
        return folder
    if shutil.which("go") is None:
        raise PrerequisiteError(
            "Go 1.24 or newer is needed to build Docker Compose, and `go` is not on the path."
        )
    tell(f"building Docker Compose {COMPOSE_VERSION} (4 minutes)")
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    (source / "go.mod").write_text(GO_MODULE, encoding="utf-8")
    flags = f"-s -w -X {COMPOSE}/internal.Version={COMPOSE_VERSION}"
    unfinished = source / "docker-compose"
    run(["go", "get", f"{COMPOSE}@{COMPOSE_VERSION}", f"{COMPOSE}/cmd@{COMPOSE_VERSION}"], folder=source)
    build = ["go", "build", "-ldflags", flags, "-o", str(unfinished), f"{COMPOSE}/cmd"]
    run(build, folder=source, env=os.environ | {"CGO_ENABLED": "0"})
    program.parent.mkdir(exist_ok=True)
    unfinished.rename(program)
    return folder
