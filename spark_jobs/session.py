"""The Spark session, with options chosen by measurement (docs/performance.md)."""

import shlex
from pathlib import Path

from pyspark import SparkConf
from pyspark.sql import SparkSession

from core.jars import class_archive, jar_paths
from core.settings import Settings
from spark_jobs.cluster import cluster_options, is_on_this_machine, secret_options
from spark_jobs.evaluation import INTERPRETED
from spark_jobs.heap import EXIT_OPTION
from spark_jobs.jvm import ensure_jvm

YOUNG = "-XX:MaxNewSize=341m"
"""As with a heap of 1g: a larger heap is reserved for large records and not filled by ordinary ones."""

LOG4J = Path(__file__).with_name("log4j2.properties")
STREAMING = "org.apache.spark.sql.execution.streaming"


def build_session(
    settings: Settings, name: str, *, inherited_fds: tuple[int, ...] = (), dump_classes: Path | None = None
) -> SparkSession:
    """Start the driver's JVM and a session on it.

    `inherited_fds` stay open in the JVM: a lock on one of them lasts until the
    JVM has also ended. `dump_classes`: the file that the JVM writes at its end, for `class_archive`.
    Raises `PrerequisiteError` if a jar is missing.
    """
    conf = SparkConf(loadDefaults=False)
    for key, value in _options(settings, name, dump_classes).items():
        conf.set(key, value)
    # spark-submit must see the conf (class path, heap), and the JVM the file descriptors. In its own
    # process group the JVM does not get the driver's signals; the driver shuts it down.
    ensure_jvm(conf, {"pass_fds": inherited_fds, "process_group": 0})
    for key, value in secret_options(settings.stream).items():
        conf.set(key, value)
    return SparkSession.builder.config(conf=conf).getOrCreate()


def checkpoint_location(folder: Path) -> str:
    """A folder in Hadoop's path syntax: with a scheme, and blanks and letters unescaped. In a real URI Hadoop would read
    `%20` literally and put the checkpoint into another folder.
    """
    return f"file://{folder}"


def _options(settings: Settings, name: str, dump_classes: Path | None) -> dict[str, str]:
    stream = settings.stream
    jars = jar_paths(settings, "spark")
    options = {
        "spark.app.name": name,
        "spark.master": stream.master,
        "spark.driver.memory": stream.driver_memory,
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.driver.extraJavaOptions": f"{YOUNG} {EXIT_OPTION} {_jvm_flags(settings, dump_classes)}",
        "spark.local.dir": str(settings.data_dir / "spark"),
        "spark.sql.warehouse.dir": str(settings.data_dir / "spark" / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    options |= _SEMANTICS | _SPEED | _MEMORY | _STATE_STORE | _FILES | INTERPRETED
    options["spark.sql.shuffle.partitions"] = str(stream.parallelism)
    if is_on_this_machine(stream.master):
        options |= _LOOPBACK
    return options | cluster_options(settings, jars, _executor_flags(settings))


def _executor_flags(settings: Settings) -> str:
    """Java flags for executors, without this machine's folders."""
    here = is_on_this_machine(settings.stream.master)
    return _jvm_flags(settings, None) if here else f"{shlex.join(_FLAGS)} {settings.stream.jvm_options}"


def _jvm_flags(settings: Settings, dump_classes: Path | None) -> str:
    archive = class_archive(settings)
    if dump_classes is not None:
        classes = [f"-XX:ArchiveClassesAtExit={dump_classes}", "-XX:TieredStopAtLevel=1"]
    else:
        classes = [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []
    scratch = settings.data_dir / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    flags = shlex.join([*_FLAGS, *classes, f"-Djava.io.tmpdir={scratch}"])  # Spark splits them like a shell
    return f"{flags} {settings.stream.jvm_options}"


_FLAGS = (
    "-XX:+UseParallelGC",
    "-XX:-DontCompileHugeMethods",
    "-XX:-UsePerfData",
    "-Xlog:disable",
    # Spark matches a query's error text with a recursive pattern, for which a stack of 1 MB is too small.
    "-Xss8m",
    f"-Dlog4j2.configurationFile={LOG4J.as_uri()}",
)


_SEMANTICS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.variant.allowDuplicateKeys": "true",
    "spark.sql.streaming.statefulOperator.checkCorrectness.enabled": "true",
}
"""Options that the contract requires: UTC, errors instead of silent overflow, the last of equal keys."""

_EXCLUDED_RULES = (
    "SimplifyConditionals",
    "RemoveRedundantAliases",
    "FoldablePropagation",
    "OptimizeCsvJsonExprs",
    "PushFoldableIntoBranches",
    "OptimizeOneRowRelationSubquery",
    "SimplifyBinaryComparison",
    "ReplaceNullWithFalseInPredicate",
    "UnwrapCastInBinaryComparison",
    "ReorderAssociativeOperator",
    "NullDownPropagation",
    "SimplifyExtractValueOps",
    "PropagateEmptyRelation",
)
"""Rules of Spark's optimizer that cost more for each batch than what they simplify in these plans is worth: a third of
the time of analysing and optimizing.
"""

_SPEED = {
    "spark.scheduler.mode": "FAIR",
    "spark.locality.wait": "0",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.dataFrameQueryContext.enabled": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
    "spark.sql.lightweightPlanChangeValidation": "false",
    "spark.sql.optimizer.excludedRules": ",".join(
        f"org.apache.spark.sql.catalyst.optimizer.{rule}" for rule in _EXCLUDED_RULES
    ),
    "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
    "spark.sql.streaming.metricsEnabled": "false",
    "spark.sql.streaming.minBatchesToRetain": "20",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.sql.streaming.pollingDelay": "25ms",
}
"""Options that reduce the work per micro-batch; docs/performance.md has their measured effects."""

_MEMORY = {
    "spark.kafka.consumer.fetchedData.cache.evictorThreadRunInterval": "10s",
    "spark.kafka.consumer.fetchedData.cache.timeout": "10s",
}
"""Prefetched data of a partition is bounded, however large its records are."""

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
