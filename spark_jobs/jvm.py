"""The driver's JVM. The only module that uses pyspark's gateway, which has no public name."""

from typing import Any

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway


def gateway() -> Any:
    """pyspark's connection to the JVM, None before the first session; `proc` is the JVM's process (a `Popen`)."""
    return SparkContext._gateway  # noqa: SLF001  # see above


def ensure_jvm(conf: SparkConf, popen_options: dict[str, Any]) -> None:
    """Start the JVM with the spark-submit options in `conf`, unless it runs."""
    if gateway() is None:
        SparkContext._ensure_initialized(gateway=launch_gateway(conf, popen_options))  # noqa: SLF001  # see above
