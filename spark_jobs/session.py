"""The Spark session, with what was measured to matter (docs/performance.md)."""

from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from core.jars import class_archive, jar_paths
from core.settings import Settings
from spark_jobs.cluster import cluster_options, is_on_this_machine, secret_options
from spark_jobs.evaluation import INTERPRETED

__all__ = ["build_session"]

LOG4J = Path(__file__).with_name("log4j2.properties")
STREAMING = "org.apache.spark.sql.execution.streaming"


def build_session(
    settings: Settings, name: str, *, inherited_fds: tuple[int, ...] = (), dump_classes: Path | None = None
) -> SparkSession:
    """Start the driver's JVM and a session on it.

    `inherited_fds` stay open in the JVM: a lock held through one of them lasts until the
    JVM has ended too. `dump_classes`: the file that the JVM writes at its end, for `class_archive`.
    Raises `PrerequisiteError` where a jar is missing.
    """
    conf = SparkConf(loadDefaults=False)
    for key, value in _options(settings, name, dump_classes).items():
        conf.set(key, value)
    if SparkContext._gateway is None:  # noqa: SLF001  # pyspark's only hook for a JVM of one's own making
        # spark-submit must see the conf (class path, heap), and the JVM the file descriptors. In a group of
        # its own the JVM does not get the signals that are meant for the driver, which ends it in order.
        popen_options = {"pass_fds": inherited_fds, "process_group": 0}
        gateway = launch_gateway(conf, popen_options)
        SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001  # as above
    for key, value in secret_options(settings.stream).items():
        conf.set(key, value)
    return SparkSession.builder.config(conf=conf).getOrCreate()


def _options(settings: Settings, name: str, dump_classes: Path | None) -> dict[str, str]:
    stream = settings.stream
    jars = jar_paths(settings, "spark")
    options = {
        "spark.app.name": name,
        "spark.master": stream.master,
        "spark.driver.memory": stream.driver_memory,
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.driver.extraJavaOptions": _jvm_flags(settings, dump_classes),
        "spark.local.dir": str(settings.data_dir / "spark"),
        "spark.sql.warehouse.dir": str(settings.data_dir / "spark" / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    options |= _SEMANTICS | _SPEED | _STATE_STORE | _FILES | INTERPRETED
    options["spark.sql.shuffle.partitions"] = str(stream.parallelism)
    if is_on_this_machine(stream.master):
        options |= _LOOPBACK
    return options | cluster_options(settings, jars, _executor_flags(settings))


def _executor_flags(settings: Settings) -> str:
    """Another machine need not have this one's folders."""
    here = is_on_this_machine(settings.stream.master)
    return _jvm_flags(settings, None) if here else " ".join([*_FLAGS, settings.stream.jvm_options])


def _jvm_flags(settings: Settings, dump_classes: Path | None) -> str:
    archive = class_archive(settings)
    if dump_classes is not None:
        classes = [f"-XX:ArchiveClassesAtExit={dump_classes}", "-XX:TieredStopAtLevel=1"]
    else:
        classes = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    scratch = settings.data_dir / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    return " ".join([*_FLAGS, *classes, f"-Djava.io.tmpdir={scratch}", settings.stream.jvm_options])


_FLAGS = (
    "-XX:+UseParallelGC",
    "-XX:-DontCompileHugeMethods",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    f"-Dlog4j2.configurationFile={LOG4J.as_uri()}",
)


_SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.variant.allowDuplicateKeys": "true",
    "spark.sql.streaming.statefulOperator.checkCorrectness.enabled": "true",
}
"""What the contract depends on: UTC, errors instead of silent overflow, the last of equal keys."""

_SPEED = {
    "spark.scheduler.mode": "FAIR",
    "spark.locality.wait": "0",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.dataFrameQueryContext.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
    "spark.sql.streaming.metricsEnabled": "false",
    "spark.sql.streaming.minBatchesToRetain": "20",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.sql.streaming.pollingDelay": "25ms",
}
"""Less work for each micro-batch; each with its measured effect in docs/performance.md."""

_STATE_STORE = {
    "spark.sql.streaming.stateStore.providerClass": f"{STREAMING}.state.RocksDBStateStoreProvider",
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.sql.streaming.stateStore.rocksdb.trackTotalNumberOfRows": "false",
    "spark.sql.streaming.stateStore.rocksdb.boundedMemoryUsage": "true",
    "spark.sql.streaming.stateStore.rocksdb.maxMemoryUsageMB": "256",
}

_LOOPBACK = {"spark.driver.host": "localhost", "spark.driver.bindAddress": "127.0.0.1"}

_FILES = {
    # Spark's own local file system forks chmod and readlink for every checkpoint file.
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
    "spark.sql.streaming.checkpointFileManagerClass": f"{STREAMING}.checkpointing.FileSystemBasedCheckpointFileManager",
}
