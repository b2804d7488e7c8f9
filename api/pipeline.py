"""The pipeline's figures for a monitor, from the tables that its processes write."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from api.database import Connection
from api.queries.health import read_rejects, read_state
from control.state import PlatformState, QueryState
from core.events import RejectReason

_DATABASE_BYTES = "SELECT pg_database_size(current_database()) AS bytes"


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """What the tables hold at one moment; `rejected`: records by reason."""

    state: PlatformState
    rejected: Mapping[str, int]
    database_bytes: int

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
            "Records accepted in the last 15 minutes, including duplicates.",
            self.state.rejects.accepted,
        )
        yield GaugeMetricFamily("orderpulse_database_bytes", "Size of the database.", self.database_bytes)

    def _of_queries(self) -> Iterator[Metric]:
        queries = self.state.queries.values()
        figures: dict[str, tuple[str, Callable[[QueryState], float | None]]] = {
            "event_time_lag_seconds": (
                "Now minus the newest event time that was written.",
                lambda query: query.event_time_lag_s,
            ),
            "commit_age_seconds": (
                "Time since the last batch was committed.",
                lambda query: query.commit_age_s,
            ),
            "lag_records": (
                "Records of the topic that were not read yet.",
                lambda query: query.lag_records,
            ),
            "input_records_per_second": ("Records that arrive.", lambda query: query.input_rate),
            "processed_records_per_second": (
                "Records that the last batch managed.",
                lambda query: query.processed_rate,
            ),
            "batch_seconds": ("Duration of the last batch.", lambda query: _seconds(query.batch_ms)),
        }
        for name, (text, figure) in figures.items():
            values = ((query.name, figure(query)) for query in queries)
            yield _gauge(f"orderpulse_{name}", text, "query", values)
        stages = GaugeMetricFamily(
            "orderpulse_batch_stage_seconds", "The same by what it was spent on.", labels=["query", "stage"]
        )
        for query in queries:
            for stage, milliseconds in query.durations_ms.items():
                stages.add_metric([query.name, stage], milliseconds / 1000)
        yield stages

    def _of_services(self) -> Iterator[Metric]:
        services = self.state.services.values()
        yield _gauge(
            "orderpulse_heartbeat_age_seconds",
            "Time since a process last said that it lives.",
            "service",
            ((each.name, each.heartbeat_age_s) for each in services),
        )
        yield _gauge(
            "orderpulse_service_started_timestamp_seconds",
            "When the current process started; it changes with each restart.",
            "service",
            ((each.name, each.started_at.timestamp() if each.started_at else None) for each in services),
        )
        yield _gauge(
            "orderpulse_service_wanted",
            "Whether a process is wanted running (1) or stopped (0).",
            "service",
            ((each.name, float(each.wanted)) for each in services),
        )
        rates = (
            (each.name, each.progress.get("rate_reached")) for each in services if each.name == "generator"
        )
        yield _gauge("orderpulse_sent_events_per_second", "Events that a producer sends.", "service", rates)


async def read_pipeline(connection: Connection) -> PipelineFigures:
    """Read them: a few statements, all but the size on indexes."""
    state = await read_state(connection)
    size = await (await connection.execute(_DATABASE_BYTES)).fetchone()
    assert size is not None, "the statement has one row"
    rejected = await read_rejects(connection, state.at)
    return PipelineFigures(state, {each.reason: each.records for each in rejected}, size["bytes"])


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _gauge(name: str, text: str, label: str, values: Iterable[tuple[str, float | None]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for labelled, value in values:
        if value is not None:
            family.add_metric([labelled], value)
    return family
