"""The pipeline's figures for a monitor, from the tables that its processes write."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from api.database import Connection
from core.events import RejectReason

__all__ = ["PipelineFigures", "read_pipeline"]

WINDOW_S = 900
"""Rejected and accepted records are counted over the last 15 minutes."""

_QUERIES = """
    SELECT
        name AS query,
        extract(epoch FROM clock_timestamp() - newest.max_event_time)::float8 AS lag_s,
        extract(epoch FROM clock_timestamp() - last.committed_at)::float8 AS commit_age_s,
        last.durations_ms
    FROM (VALUES ('events_clean'), ('kpi_1m')) AS query (name)
    LEFT JOIN LATERAL (
        SELECT max_event_time FROM ops.stream_batch
        WHERE query_name = name AND max_event_time IS NOT NULL ORDER BY max_event_time DESC LIMIT 1
    ) AS newest ON TRUE
    LEFT JOIN LATERAL (
        SELECT committed_at, durations_ms FROM ops.stream_batch
        WHERE query_name = name ORDER BY committed_at DESC LIMIT 1
    ) AS last ON TRUE
"""
_SERVICES = """
    SELECT
        name,
        desired = 'running' AS wanted,
        extract(epoch FROM clock_timestamp() - beat_at)::float8 AS beat_age_s,
        coalesce(progress, '{}') AS progress
    FROM ops.service LEFT JOIN ops.heartbeat USING (name)
"""
_REJECTED = """
    SELECT reason, count(*) AS records FROM ops.events_rejected
    WHERE rejected_at > now() - make_interval(secs => %(seconds)s) GROUP BY reason
"""
_ACCEPTED = """
    SELECT coalesce(sum(records_written), 0)::bigint AS records FROM ops.stream_batch
    WHERE query_name = 'events_clean' AND committed_at > now() - make_interval(secs => %(seconds)s)
"""


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """Rows of the statements above, at one moment."""

    queries: list[dict[str, Any]]
    services: list[dict[str, Any]]
    rejected: dict[str, int]
    accepted: int

    def families(self) -> Iterator[Metric]:
        """The figures by Prometheus's names. What is not known is left out."""
        yield from self._of_queries()
        yield from self._of_services()
        yield _gauge(
            "orderpulse_rejected_records_15m",
            "Records that broke a rule in the last 15 minutes.",
            "reason",
            ((reason.value, self.rejected.get(reason.value, 0)) for reason in RejectReason),
        )
        yield GaugeMetricFamily(
            "orderpulse_accepted_events_15m",
            "Events that were accepted in the last 15 minutes.",
            self.accepted,
        )

    def _of_queries(self) -> Iterator[Metric]:
        beats: Mapping[str, Any] = self._progress("spark_stream").get("queries", {})
        from_ledger = {
            "event_time_lag_seconds": ("Now minus the newest event time that was written.", "lag_s"),
            "commit_age_seconds": ("Time since the last batch was committed.", "commit_age_s"),
        }
        for name, (text, column) in from_ledger.items():
            values = ((row["query"], row[column]) for row in self.queries)
            yield _gauge(f"orderpulse_{name}", text, "query", values)
        from_beats = {
            "lag_records": ("Records of the topic that were not read yet.", "lag_records"),
            "input_records_per_second": ("Records that arrive.", "input_rate"),
            "processed_records_per_second": ("Records that the last batch managed.", "processed_rate"),
        }
        for name, (text, key) in from_beats.items():
            values = ((query, beat.get(key)) for query, beat in beats.items())
            yield _gauge(f"orderpulse_{name}", text, "query", values)
        yield _gauge(
            "orderpulse_batch_seconds",
            "Duration of the last batch.",
            "query",
            ((query, _seconds(beat.get("batch_ms"))) for query, beat in beats.items()),
        )
        stages = GaugeMetricFamily(
            "orderpulse_batch_stage_seconds", "The same by what it was spent on.", labels=["query", "stage"]
        )
        for row in self.queries:
            for stage, milliseconds in (row["durations_ms"] or {}).items():
                stages.add_metric([row["query"], stage], milliseconds / 1000)
        yield stages

    def _of_services(self) -> Iterator[Metric]:
        yield _gauge(
            "orderpulse_heartbeat_age_seconds",
            "Time since a process last said that it lives.",
            "service",
            ((row["name"], row["beat_age_s"]) for row in self.services),
        )
        yield _gauge(
            "orderpulse_service_wanted",
            "Whether a process is wanted running (1) or stopped (0).",
            "service",
            ((row["name"], float(row["wanted"])) for row in self.services),
        )
        rate = [("generator", self._progress("generator").get("rate_reached"))]
        yield _gauge("orderpulse_sent_events_per_second", "Events that a producer sends.", "service", rate)

    def _progress(self, service: str) -> Mapping[str, Any]:
        """What a process said of itself; nothing where it never did."""
        found: Mapping[str, Any]
        for found in (row["progress"] for row in self.services if row["name"] == service):
            return found
        return {}


async def read_pipeline(connection: Connection) -> PipelineFigures:
    """Read them: four statements on indexes."""
    window = {"seconds": WINDOW_S}
    accepted = await (await connection.execute(_ACCEPTED, window)).fetchone()
    assert accepted is not None, "an aggregate has one row"
    return PipelineFigures(
        queries=await (await connection.execute(_QUERIES)).fetchall(),
        services=await (await connection.execute(_SERVICES)).fetchall(),
        rejected={
            row["reason"]: row["records"]
            for row in await (await connection.execute(_REJECTED, window)).fetchall()
        },
        accepted=accepted["records"],
    )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float | None]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for labelled, value in values:
        if value is not None:
            family.add_metric([labelled], value)
    return family
