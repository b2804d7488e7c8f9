"""What `orderpulse import` refuses before Spark starts: there is no Java here that could start it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from core.history import ROWS, Position
from core.settings import Settings
from spark_jobs.history.load import oldest_time
from stack.host.environment import child_environment

OLD = "2019-05-01T09:30:00+02:00"


def batch(*events: object) -> pa.RecordBatch:
    """Rows of these events."""
    rows = [[number, orjson.dumps(event), None, None] for number, event in enumerate(events, 1)]
    return pa.record_batch(list(map(list, zip(*rows, strict=True))), ROWS)


def load(settings: Settings, rejected: Path, event_time: datetime, *options: str) -> str:
    """What the batch layer says about a file with one event of that time."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ROWS) as stream:
        position = Position(1, 0, 1.0, is_end=True).metadata()
        stream.write_batch(batch({"eventTime": event_time.isoformat()}), custom_metadata=position)
    done = subprocess.run(
        [sys.executable, "-m", "spark_jobs.history", "--rejected", str(rejected), *options],
        input=sink.getvalue().to_pybytes(),
        env={**child_environment(settings), "JAVA_HOME": str(rejected), "ORDERPULSE_POSTGRES__PORT": "1"},
        cwd=settings.root,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    errors: str = done.stderr.decode()
    return errors


def test_the_oldest_time_is_that_of_any_event_that_has_one() -> None:
    new = "2026-03-01T09:30:00Z"
    found = oldest_time(batch({"eventTime": new}, {"eventTime": OLD}, {"eventTime": "2001"}, [], {}, 3))
    assert found == datetime.fromisoformat(OLD)
    assert oldest_time(batch({"eventTime": "2001-01-01T00:00:00"}, {"eventTime": 7})) is None


@pytest.mark.parametrize(
    ("age", "options", "said"),
    [
        (timedelta(days=900), [], "ORDERPULSE_RETENTION__EVENTS_DAYS="),
        (timedelta(days=900), ["--let-expire"], "connection to server"),
        (timedelta(days=900), ["--dry-run"], "connection to server"),
        (timedelta(0), [], "connection to server"),
    ],
)
def test_an_old_file_and_an_absent_database_are_refused_before_spark_starts(
    tmp_path: Path, age: timedelta, options: list[str], said: str
) -> None:
    errors = load(Settings(), tmp_path / "rejected", datetime.now(UTC) - age, *options)
    assert errors.startswith("orderpulse: ")
    assert said in errors
