"""One Spark session for every test that needs no more of Spark than its rules and transforms."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from core.settings import Settings
from spark_jobs.jvm import gateway
from spark_jobs.session import build_session


@pytest.fixture(scope="session")
def spark(settings: Settings, jars: None) -> Iterator[SparkSession]:
    """A local session with the job's own options; its JVM ends with it."""
    stream = settings.stream.model_copy(update={"master": "local[1]", "driver_memory": "768m"})
    session = build_session(settings.model_copy(update={"stream": stream}), "orderpulse-test")
    jvm = gateway()
    yield session
    session.stop()
    jvm.shutdown()
    jvm.proc.stdin.close()
    jvm.proc.wait(30)
