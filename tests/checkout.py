"""A copy of the project in a folder of its own, used as a person does: by its command, in a shell, as some user.

What a machine may be like (`/tmp` without the right to execute, packages that the user can read) is mounted in a
namespace of the command's own, for which the tests must run as root.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.settings import Settings
from stack.bootstrap import write_command
from stack.host.locks import holder
from stack.host.ports import free_ports
from stack.local.reset import reset
from stack.local.supervisor_config import SUPERVISOR

USER = "orderpulse-tester"
ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a#b $c"
TIMEOUT_S = 120
PARTS = (
    "api",
    "bench",
    "control",
    "core",
    "database",
    "dbt_project",
    "generator",
    "intake",
    "orchestration",
    "spark_jobs",
    "stack",
)
NO_EXEC = ["mount --bind /tmp /tmp", "mount -o remount,bind,noexec /tmp"]


@dataclass
class Checkout:
    """The copy in `folder`. `user`: who works in it, where it is another than we are."""

    folder: Path
    settings: Settings
    user: pwd.struct_passwd | None = None
    umask: int = 0o022
    mounts: list[str] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`orderpulse` with these arguments in the shell of the user."""
        return subprocess.run(
            [
                *self._namespace(),
                *self._as_user(),
                str(self.folder / ".venv" / "bin" / "orderpulse"),
                *arguments,
            ],
            cwd="/",
            env=self._environment(),
            umask=self.umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def command(self, *arguments: str) -> str:
        """What it says; fails where it ends with another code than 0."""
        answer = self.run(*arguments)
        assert answer.returncode == 0, f"orderpulse {' '.join(arguments)}:\n{answer.stdout}{answer.stderr}"
        return answer.stdout

    def programs(self) -> dict[str, dict[str, Any]]:
        """The state of each program in `orderpulse status`."""
        found = json.loads(self.command("status", "--json"))
        return {line["name"]: line for line in found["programs"]}

    def _environment(self) -> dict[str, str]:
        home = {} if self.user is None else {"HOME": self.user.pw_dir, "USER": self.user.pw_name}
        return {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]} | home | dict(self.variables)

    def _namespace(self) -> list[str]:
        mounts = [
            *self.mounts,
            *([] if self.user is None else _readable_packages(self.folder.parent, self.user)),
        ]
        return ["unshare", "--mount", "sh", "-ec", "\n".join([*mounts, 'exec "$@"']), "sh"] if mounts else []

    def _as_user(self) -> list[str]:
        if self.user is None:
            return []
        ids = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, "--"]


@contextmanager
def checkout(folder: Path, settings: Settings, user: pwd.struct_passwd | None = None) -> Iterator[Checkout]:
    """A copy in `folder`, whose cache of jars is filled; what runs there is ended."""
    folder.mkdir()
    for name in PARTS:
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs")
        )
    for name in ("frontend", "cache"):
        (folder / name).mkdir()
    shutil.copytree(settings.cache_dir / "jars", folder / "cache" / "jars")
    _make_environment(folder)
    copy = Checkout(folder, _write_settings(folder))
    if user is not None:
        copy.user = user
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", str(folder)], check=True)
    try:
        yield copy
    finally:
        if holder(copy.settings, SUPERVISOR) is not None:
            copy.run("down")
        reset(copy.settings)


@contextmanager
def ordinary_user(home: Path) -> Iterator[pwd.struct_passwd | None]:
    """A user who is not root: made for the test, or None where we are one."""
    if os.geteuid() != 0:
        yield None
        return
    subprocess.run(["useradd", "--home-dir", str(home), "--no-create-home", USER], check=True)
    try:
        home.mkdir()
        entry = pwd.getpwnam(USER)
        os.chown(home, entry.pw_uid, entry.pw_gid)
        yield entry
    finally:
        subprocess.run(["userdel", USER], check=True, capture_output=True)


def _make_environment(folder: Path) -> None:
    """As `make install` would, with the packages of the environment that the tests run in."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")], check=True)
    (packages,) = (folder / ".venv").glob("lib/python*/site-packages")
    ours = Path(sys.prefix) / packages.relative_to(folder / ".venv")
    (packages / "orderpulse.pth").write_text(f"{folder}\n{ours}\n", encoding="utf-8")
    write_command(folder / ".venv" / "bin" / "orderpulse")


def _write_settings(folder: Path) -> Settings:
    """Write `.env` as an editor of another system does. Returns the settings that it means."""
    kafka, controller, database = free_ports(3)
    variables = {
        "ORDERPULSE_POSTGRES__PASSWORD": f"'{PASSWORD}'",
        "ORDERPULSE_POSTGRES__PORT": database,
        "ORDERPULSE_KAFKA__BOOTSTRAP_SERVERS": f"localhost:{kafka}",
        "ORDERPULSE_STACK__KAFKA_CONTROLLER_PORT": controller,
        "ORDERPULSE_STACK__CACHE_DIR": "cache",
    }
    lines = "".join(f"{name}={value}\r\n" for name, value in variables.items())
    (folder / ".env").write_bytes(b"\xef\xbb\xbf" + lines.encode())
    plain = Settings()
    return plain.model_copy(
        update={
            "root": folder,
            "kafka": plain.kafka.model_copy(update={"bootstrap_servers": f"localhost:{kafka}"}),
            "postgres": plain.postgres.model_validate({"port": database, "password": PASSWORD}),
        }
    )


def _readable_packages(scratch: Path, user: pwd.struct_passwd) -> list[str]:
    """Mounts that show the user Python and its packages at their places, where folders above these are closed."""
    needed = [Path(sys.base_prefix), *Path(sys.prefix).glob("lib/python*/site-packages")]
    closed = {_closed(path) for path in needed} - {None}
    mounts = []
    for number, path in enumerate(needed):
        (scratch / f"mounted-{number}").mkdir(exist_ok=True)
        mounts.append(f"mount --bind '{path}' '{scratch}/mounted-{number}'")
    mounts += [f"mount -t tmpfs -o mode=755 tmpfs '{path}'" for path in closed]
    for number, path in enumerate(needed):
        if any(above is not None and path.is_relative_to(above) for above in closed):
            mounts.append(f"mkdir -p '{path}' && mount --bind '{scratch}/mounted-{number}' '{path}'")
    return mounts


def _closed(path: Path) -> Path | None:
    """The outermost folder above `path` that others cannot enter."""
    return next((each for each in reversed(path.parents) if not each.stat().st_mode & 0o001), None)
