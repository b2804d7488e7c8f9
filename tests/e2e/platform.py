"""The whole platform under test, through nothing but its command line and its tables."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from core import postgres
from core.settings import ClusterSettings, Environment, Settings, load_settings
from stack.host.environment import child_environment
from stack.host.ports import free_ports, is_open
from stack.host.waiting import wait_until
from stack.local.programs import programs_of
from tests.foreign_shell import foreign_variables, orderpulse

COMMAND_TIMEOUT_S = 280
STATUS_POLL_S = 5.0
"""Each look at the status is a process, which takes up to three seconds of a processor."""


def isolated_settings(folder: Path, generator: dict[str, object]) -> Settings:
    """Settings of a platform of the test's own: free ports, all data below `folder`, impatient checks,
    and a trigger that leaves the processors to the rest.
    """
    kafka, controller, database, webserver, code_server, docs, api, intake, *others = free_ports(
        8 + len(ClusterSettings.model_fields)
    )
    return load_settings(
        environment=Environment.TEST,
        kafka={"bootstrap_servers": f"localhost:{kafka}"},
        postgres={"port": database},
        generator=generator,
        dagster={"webserver_port": webserver, "code_server_port": code_server, "docs_port": docs},
        api={"port": api},
        intake={"port": intake},
        cluster=dict(zip(ClusterSettings.model_fields, others, strict=True)),
        checks={"freshness_limit_s": 20},
        stack={
            "data_dir": folder / "data",
            "kafka_controller_port": controller,
            "background_niceness": 0,  # it shares the processors with other tests
        },
        stream={"checkpoint_dir": folder / "checkpoints", "trigger_interval_ms": 1000},
    )


class Platform:
    """`orderpulse` with settings of the test's own, in a shell with variables for everything else."""

    def __init__(self, settings: Settings, command_timeout_s: float = COMMAND_TIMEOUT_S) -> None:
        self.settings = settings
        self.command_timeout_s = command_timeout_s

    def command(self, *arguments: str, expect: int = 0) -> str:
        """Run a command; fail with what it said where its exit code is another. Returns its output."""
        foreign = foreign_variables(self.settings.data_dir.parent)
        environment = child_environment(self.settings) | foreign
        answer = orderpulse(environment, *arguments, timeout_s=self.command_timeout_s)
        said = answer.stdout + answer.stderr
        assert answer.returncode == expect, f"orderpulse {' '.join(arguments)}:\n{said}"
        return answer.stdout if expect == 0 else said

    def status(self) -> dict[str, Any]:
        """`orderpulse status --json`."""
        found: dict[str, Any] = json.loads(self.command("status", "--json"))
        return found

    def pids(self) -> dict[str, int | None]:
        """Pid of each program by its name."""
        return {line["name"]: line["pid"] for line in self.status()["programs"]}

    def wait_pid(self, name: str, wanted: Callable[[int | None], bool], timeout_s: float = 60) -> bool:
        """Whether the pid of a program, None where it does not run, becomes what `wanted` holds of in time."""
        return wait_until(lambda: wanted(self.pids()[name]), timeout_s, STATUS_POLL_S)

    def wait_healthy(self, timeout_s: float = 60) -> bool:
        """Whether all of it becomes well in time."""
        return wait_until(lambda: bool(self.status()["healthy"]), timeout_s, STATUS_POLL_S)

    def ports(self) -> list[int]:
        """The ports that the platform listens on."""
        programs = programs_of(self.settings)
        return [port for program in programs for port in program.ports(self.settings).values()]

    def open_ports(self) -> list[int]:
        """Those that are open."""
        return [port for port in self.ports() if is_open(port)]

    def processes(self) -> list[str]:
        """Every process of the machine that works in this platform's data folder."""
        return [
            f"{process.pid} {' '.join(process.info['cmdline'])}"
            for process in psutil.process_iter(["cmdline", "environ"])
            if self._is_ours(process.info)
        ]

    def wait_for(self, query: str, timeout_s: float = 60) -> Any:
        """The single value of `query`, as soon as it is neither null, false nor zero."""
        seen: list[Any] = [None]

        def is_there() -> bool:
            seen[0] = self._value(query)
            return bool(seen[0])

        assert wait_until(is_there, timeout_s, poll_s=0.5), f"{query} gave {seen[0]!r} for {timeout_s} s"
        return seen[0]

    def _value(self, query: str) -> Any:
        try:
            with postgres.connect(self.settings.postgres, autocommit=True) as connection:
                row = connection.execute(query.encode()).fetchone()
        except psycopg.OperationalError:
            return None
        return row[0] if row else None

    def _is_ours(self, info: dict[str, Any]) -> bool:
        data = str(self.settings.data_dir)
        environment = info["environ"] or {}
        return environment.get("ORDERPULSE_STACK__DATA_DIR") == data or any(
            data in part for part in info["cmdline"] or ()
        )
