"""`orderpulse dev`: the platform, with what is edited most reloaded after each edit.

API and Dagster's code server are restarted by the process manager; Vite's own server reloads the dashboard. Everything
else runs as after `orderpulse up`.
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchfiles import PythonFilter, watch

from core.errors import StackError
from core.settings import Settings
from stack.host.environment import child_environment
from stack.host.ports import port_holder
from stack.host.prerequisite import NODE
from stack.local.manager import Manager
from stack.local.programs import programs_of
from stack.local.up import up
from stack.screen import Screen
from stack.servers.frontend import ensure_packages

RELOADED = {
    "api": ("api", "control", "core"),
    "dagster_code": ("orchestration", "control", "core", "database", "dbt_project"),
}
"""The folders that each program reads when it starts."""

WRITTEN_BY_DBT = ("target", "logs")
POLL_MS = 1_000
END_TIMEOUT_S = 10.0


def dev(settings: Settings, port: int, screen: Screen) -> None:
    """Start the platform and reload after edits until Ctrl-C, or until the platform or Vite ends.

    The platform continues after Ctrl-C. Raises `PrerequisiteError` or `StackError` as `up`, or if `port` is taken.
    """
    taken = port_holder(port)
    if taken is not None:
        raise StackError(f"{taken}, but the dashboard needs it: stop that program or give another --port.")
    up(settings, programs_of(settings), screen)
    ensure_packages(settings)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with _vite(settings, port) as vite:
        screen.say(
            f"dashboard http://localhost:{port}, reloads itself\n"
            "An edit restarts api or dagster_code (`orderpulse logs -f api`); the generator and the stream take "
            "theirs with `orderpulse restart generator spark_stream`.\n"
            "Ctrl-C ends the reloading; `orderpulse down` ends everything."
        )
        _reload(settings, vite, screen)


def to_restart(root: Path, changed: Iterable[Path]) -> list[str]:
    """The programs that read one of the files when they start."""
    folders = {path.relative_to(root).parts[0] for path in changed}
    return [name for name, read in RELOADED.items() if folders & {*read}]


def _reload(settings: Settings, vite: subprocess.Popen[bytes], screen: Screen) -> None:
    manager = Manager(settings)
    for changed in _edits(settings.root):
        if manager.pid() is None or vite.poll() is not None:
            screen.say("The platform was stopped." if vite.poll() is None else "Vite has ended.")
            return
        names = to_restart(settings.root, changed)
        for name in names:
            manager.stop_program(name)
            manager.start_program(name)
        if names:
            files = ", ".join(sorted({str(path.relative_to(settings.root)) for path in changed}))
            screen.say(f"restarted {' and '.join(names)}: {files}")


def _edits(root: Path) -> Iterator[list[Path]]:
    """Files that were written since the last time; empty about once a second. Ends at Ctrl-C."""
    folders = {folder for read in RELOADED.values() for folder in read}
    dbt = root / "dbt_project"
    chosen = PythonFilter(
        ignore_paths=[dbt / name for name in WRITTEN_BY_DBT], extra_extensions=[".sql", ".yml"]
    )
    seen = watch(
        *(root / folder for folder in sorted(folders)),
        watch_filter=chosen,
        rust_timeout=POLL_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for changes in seen:
        yield [Path(name) for _, name in changes]


@contextmanager
def _vite(settings: Settings, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Vite's server, which passes requests of the API on; ended with the block."""
    program = NODE.find().with_name("node")
    folder = settings.root / "frontend"
    command = [program, folder / "node_modules" / "vite" / "bin" / "vite.js"]
    api = f"http://127.0.0.1:{settings.api.port}"
    with subprocess.Popen(
        [*command, "--host", "localhost", "--port", str(port), "--strictPort", "--clearScreen", "false"],
        cwd=folder,
        env=child_environment(settings) | {"ORDERPULSE_DEV_API": api},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to pass on
    ) as vite:
        try:
            yield vite
        finally:
            os.killpg(vite.pid, signal.SIGTERM)
            try:
                vite.wait(END_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(vite.pid, signal.SIGKILL)
