"""The platform under load, and what a fault may do to it."""

import os
import signal
import time
from dataclasses import dataclass

import psutil

from bench.recovery import NEW_EVENTS
from core import postgres
from stack.host.waiting import wait_until
from tests.chaos.load import Load
from tests.e2e.dagster_ui import DagsterUi
from tests.e2e.platform import Platform

RATE = 200
"""Records a second of the load, beside the platform's own generator."""

SETTLE_TIMEOUT_S = 120.0
SERVICES = ("generator", "spark_stream")
NOT_ENDED = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING")
ATTACHED = """
    SELECT attached_run FROM ops.service WHERE name = %s AND attached_at > to_timestamp(%s)
"""


@dataclass
class World:
    """The platform under load."""

    platform: Platform
    ui: DagsterUi
    load: Load

    def pid(self, name: str) -> int:
        """Pid of a program of the platform."""
        pid = self.platform.pids()[name]
        assert pid is not None, f"{name} runs"
        return pid

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)

    def kill_generators(self) -> None:
        """The platform's own, which comes back by itself, and the load, which has no manager."""
        self.kill(self.pid("generator"))
        self.load.kill()
        self.load.start()

    def kill_jvm(self) -> None:
        (jvm,) = self.jvms()
        self.kill(jvm.pid)

    def wait_recovered(self, since: float, timeout_s: float) -> float:
        """Seconds until both queries have committed events that happened after `since`."""

        def recovered() -> bool:
            try:
                with postgres.connect(self.platform.settings.postgres, autocommit=True) as connection:
                    row = connection.execute(NEW_EVENTS, {"since": since}).fetchone()
            except postgres.TRANSIENT_ERRORS:
                return False
            return row == (True,)

        assert wait_until(recovered, timeout_s), f"not recovered in {timeout_s} s: {self.platform.status()}"
        return time.time() - since

    def jvms(self) -> list[psutil.Process]:
        """Every Spark driver's JVM that works for this platform."""
        data = str(self.platform.settings.data_dir)
        found = []
        for process in psutil.process_iter(["name", "cmdline"]):
            arguments = " ".join(process.info["cmdline"] or ())
            if process.info["name"] == "java" and "org.apache.spark" in arguments and data in arguments:
                found.append(process)
        return found

    def ui_is_true(self, since: float) -> bool:
        """Whether, after the Unix time `since`, the UI loads, the sensor has ticked, and one run a service watches."""
        try:
            if not self.ui.is_loaded() or self.ui.ticks("streaming_sensor")[0]["timestamp"] < since:
                return False
            with postgres.connect(self.platform.settings.postgres, autocommit=True) as connection:
                watching = {name: connection.execute(ATTACHED, (name, since)).fetchone() for name in SERVICES}
            return all(self.ui.runs(name, *NOT_ENDED) == list(row or ()) for name, row in watching.items())
        except (OSError, AssertionError, *postgres.TRANSIENT_ERRORS):
            return False
