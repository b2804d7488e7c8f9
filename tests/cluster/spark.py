"""A Spark cluster of a test's own: master and workers as processes that can be killed."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.settings import Settings
from stack.host.ports import free_ports
from stack.local.health import health
from stack.servers.spark import master_state
from tests.processes import Started

MASTER = "spark_master"
WORKERS = (1, 2)


@dataclass
class SparkCluster:
    """The running cluster, and the settings of a job on it."""

    settings: Settings
    programs: dict[str, Started]

    def wait_well(self, name: str) -> None:
        """Return once a program is as `orderpulse status` wants it."""
        started = self.programs[name]
        started.wait(lambda: health(self.settings, name, started.pid) == "healthy")

    def restart(self, name: str) -> None:
        """Start a program that was killed, and wait until it is well."""
        self.programs[name].start()
        self.wait_well(name)

    def apps(self) -> dict[str, int]:
        """Cores that each job has, by the id that the master gave it."""
        state: dict[str, Any] = master_state(self.settings) or {"activeapps": []}
        return {app["id"]: app["cores"] for app in state["activeapps"]}

    def worker_ports(self) -> set[str]:
        """Ports of the web pages of the workers that the master counts on."""
        state: dict[str, Any] = master_state(self.settings) or {"workers": []}
        alive = [worker for worker in state["workers"] if worker["state"] == "ALIVE"]
        return {worker["webuiaddress"].rpartition(":")[2] for worker in alive}


def cluster_settings(settings: Settings, folder: Path, secret: str) -> Settings:
    """Settings of a cluster, and of a job on it, with all data below `folder`."""
    master, *pages = free_ports(2 + len(WORKERS))
    names = ("spark_master_ui_port", "spark_worker_1_ui_port", "spark_worker_2_ui_port")
    ports = {"spark_master_port": master, **dict(zip(names, pages, strict=True))}
    stream = {
        "master": f"spark://localhost:{master}",
        "parallelism": 2,
        "executor_memory": "512m",
        "auth_secret": SecretStr(secret),
        "checkpoint_dir": folder / "checkpoints",
    }
    return settings.model_copy(
        update={
            "cluster": settings.cluster.model_copy(update=ports),
            "stack": settings.stack.model_copy(update={"data_dir": folder}),
            "stream": settings.stream.model_copy(update=stream),
        }
    )


@contextmanager
def running_cluster(settings: Settings) -> Iterator[SparkCluster]:
    """Master and workers, well; they are ended in the opposite order."""
    names = (MASTER, *(f"spark_worker_{number}" for number in WORKERS))
    programs = {name: Started(settings, name, settings.data_dir, signal.SIGTERM) for name in names}
    cluster = SparkCluster(settings, programs)
    with ExitStack() as stack:
        for name, started in programs.items():
            stack.enter_context(started)
            if name == MASTER:
                cluster.wait_well(name)
        for name in names:
            cluster.wait_well(name)
        yield cluster
