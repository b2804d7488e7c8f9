"""Spark reads a secured broker as its own user, and shows its password nowhere."""

import json
import subprocess
import sys
from pathlib import Path

from core import kafka
from core.settings import Settings
from core.topics import EVENTS_RAW
from stack.host.environment import child_environment
from stack.secure.identities import as_identity, secret
from tests.security.secured_kafka import as_user, send

TOPIC = EVENTS_RAW.name

READ_BOTH_WAYS = """
import json
from core import kafka
from core.settings import load_settings
from spark_jobs.session import build_session
from spark_jobs.source import read_range, read_stream

settings = load_settings()
spark = build_session(settings, "test")
spark.sparkContext.setLogLevel("INFO")
ends = kafka.end_offsets(settings.kafka, settings.kafka.topic)
batch = read_range(spark, settings.kafka, dict.fromkeys(ends, 0), ends)
batch.explain(True)
batch.explain("formatted")
counts = [batch.count(), 0]
query = (
    read_stream(spark, settings.kafka, settings.stream)
    .writeStream.format("memory").queryName("seen").trigger(availableNow=True)
    .option("checkpointLocation", str(settings.checkpoint_dir / "test"))
    .start()
)
query.awaitTermination()
query.explain(True)
print(query.lastProgress)
counts[1] = spark.table("seen").count()
print(json.dumps(counts))
spark.stop()
"""


def test_spark_reads_as_its_user_and_contains_no_password(secured_kafka: Settings) -> None:
    for _ in range(5):
        send(as_user(secured_kafka, "generator"), TOPIC)
    expected = sum(kafka.end_offsets(secured_kafka.kafka, TOPIC).values())
    reader = as_identity(secured_kafka, "spark_stream")
    ended = subprocess.run(
        [sys.executable, "-c", READ_BOTH_WAYS],
        env=child_environment(reader),
        cwd=reader.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert json.loads(ended.stdout.splitlines()[-1]) == [expected, expected]
    assert " INFO " in ended.stderr, "the log says something"
    password = secret(secured_kafka, "spark_stream")
    assert password not in ended.stdout + ended.stderr
    assert _files_with(reader.checkpoint_dir, password) == []


def _files_with(folder: Path, text: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files, "the query kept a checkpoint"
    return [path for path in files if text.encode() in path.read_bytes()]
