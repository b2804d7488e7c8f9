"""Spark's standalone cluster on this machine: a master, and two workers that start an executor each.

All listen on loopback. The master stores its state in files, so that after a kill it still knows the
workers and the job. The workers get none of the platform's settings: executors need no passwords.
"""

import json
import shutil
import subprocess
import urllib.error
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from core.errors import PrerequisiteError
from core.settings import Settings
from core.spark import SPARK_SECRET_VARIABLE, SPARK_SECURITY
from stack.host.environment import bare_environment
from stack.host.installed import package_folder
from stack.host.loopback import ask
from stack.host.prerequisite import JAVA
from stack.secure.identities import secret

ANSWER_TIMEOUT_S = 2.0
JVM_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError"
DAEMON_HEAP = "160m"
SCALA = "2.13"
"""Scala version of the jars in `stack/servers/jars.lock` and of pyspark."""

MASTER = {
    "spark.deploy.recoveryMode": "FILESYSTEM",
    "spark.deploy.recoveryTimeout": "15",
    "spark.worker.timeout": "15",
    "spark.master.rest.enabled": "false",
    "spark.master.ui.decommission.allow.mode": "DENY",
    "spark.ui.killEnabled": "false",
}
"""Times in seconds. Its web page allows no submit, kill or decommission."""

WORKER = {
    "spark.worker.cleanup.enabled": "true",
    "spark.worker.cleanup.interval": "600",
    "spark.worker.cleanup.appDataTtl": "3600",
    "spark.executor.logs.rolling.strategy": "size",
    "spark.executor.logs.rolling.maxSize": str(5 * 1024 * 1024),
    "spark.executor.logs.rolling.maxRetainedFiles": "2",
    "spark.ui.killEnabled": "false",
}
"""Work folders are deleted an hour after their job; times in seconds, sizes in bytes."""


def job_settings(settings: Settings) -> Settings:
    """The settings of a process that submits to this cluster, with its secret if it has one."""
    shared = _secret(settings)
    if shared is None:
        return settings
    known = settings.stream.model_copy(update={"auth_secret": shared})
    return settings.model_copy(update={"stream": known})


def environment(settings: Settings, name: str) -> dict[str, str]:
    """Environment of the master or a worker, which passes it on to the executors."""
    variables = {
        "SPARK_HOME": str(package_folder("pyspark")),
        "SPARK_SCALA_VERSION": SCALA,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(_home(settings) / name / "local"),
        "SPARK_DAEMON_MEMORY": DAEMON_HEAP,
        "SPARK_DAEMON_JAVA_OPTS": f"{JVM_OPTIONS} -Dlog4j2.configurationFile={_log4j(settings)}",
    }
    if (shared := _secret(settings)) is not None:
        variables[SPARK_SECRET_VARIABLE] = shared.get_secret_value()
    return bare_environment(settings) | variables


def master_command(settings: Settings) -> list[str]:
    """Command line of the master; also writes its properties and creates its state folder."""
    kept = _home(settings) / "master" / "recovery"
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    properties = _write_properties(settings, "master", MASTER | {"spark.deploy.recoveryDirectory": str(kept)})
    cluster = settings.cluster
    place = ["--host", "localhost", "--port", str(cluster.spark_master_port)]
    page = ["--webui-port", str(cluster.spark_master_ui_port)]
    return _java(settings, "master", "master.Master", [*place, *page, "--properties-file", str(properties)])


def prepare_worker(settings: Settings, number: int) -> None:
    """Remove shuffle and spill files that the executors of a killed worker left."""
    shutil.rmtree(_home(settings) / f"worker_{number}" / "local", ignore_errors=True)
    (_home(settings) / f"worker_{number}" / "local").mkdir(parents=True, mode=0o700)


def worker_command(settings: Settings, number: int) -> list[str]:
    """Command line of a worker for one executor; also writes its properties."""
    name = f"worker_{number}"
    properties = _write_properties(settings, name, WORKER)
    offer = ["--cores", str(settings.stream.executor_cores), "--memory", settings.stream.executor_memory]
    place = ["--host", "localhost", "--webui-port", str(worker_ui_port(settings, number))]
    files = ["--work-dir", str(_home(settings) / name / "work"), "--properties-file", str(properties)]
    master = f"spark://localhost:{settings.cluster.spark_master_port}"
    return _java(settings, name, "worker.Worker", [*offer, *place, *files, master])


def worker_ui_port(settings: Settings, number: int) -> int:
    """Port of a worker's web page."""
    cluster = settings.cluster
    return {1: cluster.spark_worker_1_ui_port, 2: cluster.spark_worker_2_ui_port}[number]


def master_health(settings: Settings) -> str:
    """`healthy` once the master accepts work; otherwise why not."""
    state = master_state(settings)
    if state is None:
        return "unhealthy: its page does not respond"
    return "healthy" if state["status"] == "ALIVE" else f"starting: {state['status'].lower()}"


def worker_health(settings: Settings, number: int) -> str:
    """`healthy` once the worker is registered at the master; otherwise why not."""
    state = master_state(settings)
    if state is None:
        return "unknown: the master does not respond"
    port = str(worker_ui_port(settings, number))
    states = {worker["state"] for worker in state["workers"] if worker["webuiaddress"].endswith(f":{port}")}
    return "healthy" if "ALIVE" in states else "starting: not yet registered at the master"


def master_state(settings: Settings) -> dict[str, Any] | None:
    """The master's state from its JSON page; None if it does not respond."""
    address = f"http://127.0.0.1:{settings.cluster.spark_master_ui_port}/json/"
    try:
        with ask(address, ANSWER_TIMEOUT_S) as answer:
            state: dict[str, Any] = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return state


def _write_properties(settings: Settings, name: str, properties: dict[str, str]) -> Path:
    if _secret(settings) is not None:
        properties = properties | SPARK_SECURITY
    path = _home(settings) / name / "spark.properties"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text("".join(f"{key} {value}\n" for key, value in properties.items()), encoding="utf-8")
    return path


def _secret(settings: Settings) -> SecretStr | None:
    """The configured secret, or this platform's if it is secured."""
    if settings.stream.auth_secret is not None:
        return settings.stream.auth_secret
    return SecretStr(secret(settings, "spark")) if settings.stack.security == "on" else None


def _java(settings: Settings, name: str, main_class: str, arguments: list[str]) -> list[str]:
    """The command line from Spark's own launcher, which knows Java's required options.

    Its shell script would do the same, but leave an unreaped child. Raises `PrerequisiteError`.
    """
    launcher = [str(JAVA.find()), "-Xmx64m", "-cp", str(package_folder("pyspark") / "jars" / "*")]
    wanted = ["org.apache.spark.launcher.Main", f"org.apache.spark.deploy.{main_class}", *arguments]
    answer = subprocess.run(
        [*launcher, *wanted], env=environment(settings, name), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise PrerequisiteError(f"Spark's {name} cannot be started: {answer.stderr[-600:]}")
    return answer.stdout.removeprefix("\0\n").rstrip("\0").split("\0")


def _log4j(settings: Settings) -> str:
    return (settings.root / "spark_jobs" / "log4j2.properties").as_uri()


def _home(settings: Settings) -> Path:
    return settings.data_dir / "spark"
