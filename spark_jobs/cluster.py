"""Options for a Spark with separate executor processes: their size, and how soon a dead one is detected."""

from pathlib import Path
from urllib.parse import urlsplit

from core.settings import Settings, StreamSettings
from core.spark import SPARK_SECURITY

LOOPBACK = {"localhost", "127.0.0.1"}

_FAILURES = {
    "spark.executor.heartbeatInterval": "5s",
    "spark.network.timeout": "60s",
    "spark.shuffle.io.retryWait": "1s",
    "spark.standalone.executorRemoveDelayOnDisconnection": "1s",
}
"""Spark's defaults are for clusters of hundreds; a stream waits for each of these."""


def batch_settings(settings: Settings) -> Settings:
    """The settings of a batch layer job, which has its own master.

    On the stream's cluster it would wait for cores until the stream ends.
    """
    return settings.model_copy(
        update={"stream": settings.stream.model_copy(update={"master": settings.stream.batch_master})}
    )


def is_on_this_machine(master: str) -> bool:
    """Whether driver and executors are all on this machine: `local[N]`, or a master on loopback."""
    return master.startswith("local") or urlsplit(master).hostname in LOOPBACK


def cluster_options(settings: Settings, jars: list[Path], jvm_flags: str) -> dict[str, str]:
    """Options on top of those of every session; none for a local master, which has no executors.

    The jars must have the same path on each node, as in the images; other jars are copied from the driver.
    """
    stream = settings.stream
    if stream.master.startswith("local"):
        return {}
    paths = [str(path) for path in jars]
    options = {
        "spark.executor.memory": stream.executor_memory,
        "spark.executor.cores": str(stream.executor_cores),
        "spark.executor.extraClassPath": ":".join(paths),
        "spark.executor.extraJavaOptions": jvm_flags,
        # A task on another executor must load its state there first.
        "spark.locality.wait": "500ms",
        **_FAILURES,
    }
    if stream.max_cores is not None:
        options["spark.cores.max"] = str(stream.max_cores)
    if not is_on_this_machine(stream.master):
        options["spark.jars"] = ",".join(paths)
    return options | (SPARK_SECURITY if stream.auth_secret else {})


def secret_options(stream: StreamSettings) -> dict[str, str]:
    """The option with the secret, to set after the JVM's start so that it is not on the command line."""
    if stream.auth_secret is None or stream.master.startswith("local"):
        return {}
    return {"spark.authenticate.secret": stream.auth_secret.get_secret_value()}
