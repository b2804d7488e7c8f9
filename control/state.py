"""The platform's state at one moment: the desired state of both services, what they report, and the ledger.

The SQL and the model are shared; each caller executes the statements in its own way, and gives the rows as
dictionaries to `platform_state`. Times are aware and in UTC; ages are seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from control.desired import Desired
from control.rejects import WINDOW_MINUTES, RejectShare
from core.tables import ALERT, EVENTS_REJECTED, HEARTBEAT, SERVICE, STREAM_BATCH

Query = Literal["events_clean", "kpi_1m"]
QUERIES: tuple[Query, ...] = ("events_clean", "kpi_1m")
"""The streaming queries, by name; each has the ledger, a checkpoint folder and a table of that name."""

NOW = "SELECT clock_timestamp() AS at"
SERVICES_SQL = f"""
    SELECT name, desired, reason, rate, updated_at AS changed_at, attached_run, attached_at,
        pid AS heartbeat_pid, started_at, beat_at, coalesce(progress, '{{}}') AS progress, alert.text AS failing
    FROM {SERVICE.name} LEFT JOIN {HEARTBEAT.name} USING (name)
    LEFT JOIN {ALERT.name} AS alert ON alert.incident = 'service:' || name AND alert.closed_at IS NULL
"""  # noqa: S608  # names from core.tables
QUERIES_SQL = f"""
    SELECT name, batch_id, committed_at, offsets_to, durations_ms, max_event_time
    FROM unnest(ARRAY{list(QUERIES)}) AS query (name)
    LEFT JOIN LATERAL (
        SELECT batch_id, committed_at, offsets_to, durations_ms FROM {STREAM_BATCH.name}
        WHERE query_name = name ORDER BY committed_at DESC LIMIT 1
    ) AS last ON TRUE
    LEFT JOIN LATERAL (
        SELECT max_event_time FROM {STREAM_BATCH.name}
        WHERE query_name = name AND max_event_time IS NOT NULL ORDER BY max_event_time DESC LIMIT 1
    ) AS newest ON TRUE
"""  # noqa: S608  # as above
SHARE_SQL = f"""
    SELECT
        coalesce(sum(records_rejected), 0)::bigint AS rejected,
        coalesce(sum(records_written + records_duplicate), 0)::bigint AS accepted
    FROM {STREAM_BATCH.name}
    WHERE query_name = 'events_clean'
        AND committed_at > %(at)s::timestamptz - interval '{WINDOW_MINUTES} minutes'
"""  # noqa: S608  # as above
"""Rejected and accepted records of the last minutes, from the ledger: both are written in one transaction."""

REASONS_SQL = f"""
    SELECT reason, count(*) AS records FROM {EVENTS_REJECTED.name}
    WHERE rejected_at > %(at)s::timestamptz - interval '{WINDOW_MINUTES} minutes'
    GROUP BY reason ORDER BY records DESC, reason
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A process that people start and stop: its desired state since `changed_at` and why, and what it last reported.

    `failing`: the text of its open incident, if it keeps failing. The fields of the heartbeat are None if it
    never sent one.
    """

    name: str
    desired: Desired
    reason: str | None
    rate: float | None
    changed_at: datetime
    attached_run: str | None
    attached_at: datetime | None
    attached_age_s: float | None
    heartbeat_pid: int | None
    started_at: datetime | None
    beat_at: datetime | None
    heartbeat_age_s: float | None
    progress: Mapping[str, Any]
    failing: str | None

    @property
    def wanted(self) -> bool:
        """Whether it should run."""
        return self.desired == "running"

    @property
    def began_at(self) -> datetime:
        """When it was last started, or somebody asked for that."""
        return max(self.changed_at, self.started_at or self.changed_at)


@dataclass(frozen=True, slots=True)
class QueryState:
    """One of the two queries: its last committed batch, and what the job last reported about it.

    None stands for what is not known: no batch yet, no heartbeat. `lag_records` are records of the topic that no
    batch has committed. Rates are records/s.
    """

    name: str
    batch_id: int | None
    committed_at: datetime | None
    commit_age_s: float | None
    max_event_time: datetime | None
    event_time_lag_s: float | None
    durations_ms: Mapping[str, float]
    has_ended: bool
    lag_records: int | None
    input_rate: float | None
    processed_rate: float | None
    batch_ms: float | None

    @property
    def catch_up_s(self) -> float | None:
        """How long the backlog takes at the rate of the last batch, in seconds."""
        if self.lag_records is None or not self.processed_rate:
            return None
        return self.lag_records / self.processed_rate


@dataclass(frozen=True, slots=True)
class PlatformState:
    """Services and queries by name, and the share of rejected records in the last minutes, at the moment `at`."""

    at: datetime
    services: Mapping[str, ServiceState]
    queries: Mapping[str, QueryState]
    rejects: RejectShare

    @property
    def generator(self) -> ServiceState:
        """The generator of events."""
        return self.services["generator"]

    @property
    def stream(self) -> ServiceState:
        """The Spark job."""
        return self.services["spark_stream"]


Row = Mapping[str, Any]


def platform_state(
    at: datetime,
    services: Iterable[Row],
    queries: Iterable[Row],
    share: Row,
    end_offsets: Mapping[int, int] | None = None,
) -> PlatformState:
    """The state at `at`, from the rows of the statements above.

    With `end_offsets` of the topic, by partition, the backlog is what no batch has committed; without them it is
    what the stream reported in its last heartbeat.
    """
    found = service_states(at, services)
    reported = found["spark_stream"].progress.get("queries", {}) if "spark_stream" in found else {}
    return PlatformState(
        at,
        found,
        {row["name"]: _query(at, row, reported.get(row["name"], {}), end_offsets) for row in queries},
        RejectShare(share["rejected"], share["accepted"]),
    )


def service_states(at: datetime, rows: Iterable[Row]) -> dict[str, ServiceState]:
    """The services by name."""
    return {
        row["name"]: ServiceState(
            **row,
            attached_age_s=age_s(row["attached_at"], at),
            heartbeat_age_s=age_s(row["beat_at"], at),
        )
        for row in rows
    }


def read_services(connection: psycopg.Connection[Any]) -> dict[str, ServiceState]:
    """The services by name, now. Raises psycopg's own errors."""
    with connection.cursor(row_factory=dict_row) as cursor:
        now = cursor.execute(NOW).fetchall()[0]
        return service_states(now["at"], cursor.execute(SERVICES_SQL))


def age_s(instant: datetime | None, now: datetime) -> float | None:
    """Seconds from `instant` to `now`; 0 if it is ahead (an event may be, within the contract's limit)."""
    return None if instant is None else max(0.0, (now - instant).total_seconds())


def _query(at: datetime, row: Row, reported: Row, end_offsets: Mapping[int, int] | None) -> QueryState:
    return QueryState(
        name=row["name"],
        batch_id=row["batch_id"],
        committed_at=row["committed_at"],
        commit_age_s=age_s(row["committed_at"], at),
        max_event_time=row["max_event_time"],
        event_time_lag_s=age_s(row["max_event_time"], at),
        durations_ms=row["durations_ms"] or {},
        has_ended=reported.get("active") is False,
        lag_records=_lag_records(row["offsets_to"], end_offsets, reported),
        input_rate=reported.get("input_rate"),
        processed_rate=reported.get("processed_rate"),
        batch_ms=reported.get("batch_ms"),
    )


def _lag_records(
    committed: dict[str, int] | None, end_offsets: Mapping[int, int] | None, reported: Row
) -> int | None:
    if end_offsets is None or committed is None:
        return reported.get("lag_records")
    return sum(max(0, end - committed.get(str(partition), 0)) for partition, end in end_offsets.items())
