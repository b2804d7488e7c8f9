"""A platform's state as rows of a real database and folders of a disk, written by the test."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from core import postgres
from core.settings import PostgresSettings, Settings
from tests.checkpoints import add_batch, write_checkpoint

QUERY_IDS = {
    "events_clean": "00000000-0000-0000-0000-00000000000a",
    "kpi_1m": "00000000-0000-0000-0000-00000000000b",
}
BATCH_RECORDS = 10


def current_revision(settings: PostgresSettings) -> str | None:
    """Revision that the database is at; None when it was never migrated."""
    with postgres.connect(settings, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return str(revision[0])


@dataclass
class PlatformRows:
    """Writes what the processes would write; by default a platform that is well, at the moment `now`."""

    settings: Settings
    connection: psycopg.Connection[Any]
    now: datetime

    @classmethod
    def over(
        cls, settings: Settings, database: PostgresSettings, connection: psycopg.Connection[Any], folder: Path
    ) -> "PlatformRows":
        """The platform on `database`, with its checkpoints below `folder`, at the present moment."""
        stream = settings.stream.model_copy(update={"checkpoint_dir": folder})
        mine = settings.model_copy(update={"postgres": database, "stream": stream})
        return cls(mine, connection, datetime.now(UTC).replace(microsecond=0))

    def clock(self) -> datetime:
        """The moment at which the platform is looked at."""
        return self.now

    def well(self, batches: int = 3) -> None:
        """Both queries have committed so many batches, the last of them a moment ago; nothing waits."""
        for name, query_id in QUERY_IDS.items():
            write_checkpoint(self.folder(name), query_id, range(batches))
            for batch_id in range(batches):
                self.batch(name, batch_id, age_s=batches - batch_id)
        self.connection.execute("UPDATE ops.service SET updated_at = %s", (self.now - timedelta(hours=1),))
        self.heartbeat()

    def folder(self, query: str) -> Path:
        """The checkpoint of a query."""
        return self.settings.checkpoint_dir / query

    def batch(
        self, query: str, batch_id: int, *, age_s: float = 0, event_age_s: float | None = None, **columns: Any
    ) -> None:
        """One row of the ledger: ten records of partition 0, all of them written.

        Committed `age_s` seconds ago, with an event that was as old then or is `event_age_s` old now.
        """
        event_age_s = age_s if event_age_s is None else event_age_s
        row = {
            "query_id": QUERY_IDS[query],
            "batch_id": batch_id,
            "query_name": query,
            "offsets_from": json.dumps({"0": batch_id * BATCH_RECORDS}),
            "offsets_to": json.dumps({"0": (batch_id + 1) * BATCH_RECORDS}),
            "records_read": BATCH_RECORDS,
            "records_written": BATCH_RECORDS,
            "records_duplicate": 0,
            "records_rejected": 0,
            "records_dropped_by_watermark": 0,
            "max_event_time": self.now - timedelta(seconds=event_age_s),
            "durations_ms": "{}",
            "committed_at": self.now - timedelta(seconds=age_s),
        } | columns
        names, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        self.connection.execute(f"INSERT INTO ops.stream_batch ({names}) VALUES ({places})".encode(), row)

    def begin_batch(self, query: str, batch_id: int, *, committed: bool = False) -> None:
        """One more batch in the checkpoint."""
        add_batch(self.folder(query), batch_id, committed=committed)

    def service(self, name: str, desired: str, reason: str | None = None, *, age_s: float = 3600) -> None:
        """The desired state of a process since `age_s` seconds."""
        self.connection.execute(
            "UPDATE ops.service SET desired = %s, reason = %s, updated_at = %s WHERE name = %s",
            (desired, reason, self.now - timedelta(seconds=age_s), name),
        )

    def lost(self, query: str, offset_from: int, offset_to: int | None, reason: str = "deleted") -> None:
        """Offsets of partition 0 that Kafka deleted before they were read, noticed now."""
        self.connection.execute(
            "INSERT INTO ops.records_lost VALUES (%s, 'events_raw', 'id', 0, %s, %s, %s, %s, %s)",
            (query, offset_from, offset_to, reason, self.now - timedelta(hours=1), self.now),
        )

    def failing(self, service: str, text: str) -> None:
        """The open incident of a service that fails again and again."""
        self.connection.execute(
            "INSERT INTO ops.alert (incident, title, text) VALUES (%s, 'fails', %s)",
            (f"service:{service}", text),
        )

    def heartbeat(
        self, *, age_s: float = 1, up_s: float = 3600, lag_records: int = 0, processed_rate: float = 100.0
    ) -> None:
        """A heartbeat of the stream, `age_s` seconds old, `up_s` after its start."""
        query = {
            "lag_records": lag_records,
            "processed_rate": processed_rate,
            "batch_ms": 150,
            "input_rate": 5.0,
        }
        self.connection.execute(
            "INSERT INTO ops.heartbeat (name, pid, started_at, beat_at, progress) VALUES ('spark_stream', 1, %s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, beat_at = excluded.beat_at, progress = excluded.progress",
            (
                self.now - timedelta(seconds=up_s),
                self.now - timedelta(seconds=age_s),
                json.dumps({"queries": dict.fromkeys(QUERY_IDS, query)}),
            ),
        )

    def event(self, event_id: str, event_time: datetime, event_type: str = "payment_success") -> None:
        """A row of `events_clean`: ten US dollars."""
        self.connection.execute(
            "INSERT INTO events_clean (id, event_time, event_type, order_id, user_id, amount, currency, status) "
            "VALUES (%s, %s, %s, 'ORD1', 'USR1', 10, 'USD', 'success')",
            (event_id, event_time, event_type),
        )

    def rejects(self, reason: str, count: int, *, age_s: float = 10) -> None:
        """So many rejected records."""
        self.connection.execute(
            'INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, rejected_at) '
            "SELECT %s, 0, n, now(), %s, %s FROM generate_series(1, %s) AS n",
            (f"topic-{reason}", reason, self.now - timedelta(seconds=age_s), count),
        )
