"""What the sensor reports about the streaming assets: an observation in, metadata out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from control.observation import CheckpointState, Observation
from control.rejects import WINDOW_MINUTES
from control.state import QueryState, ServiceState

NO_BATCH = "no batch yet"
KPI_TABLES = ("kpi_1m_detail", "kpi_1m_by_currency", "kpi_1m")
"""In the order of the graph."""

Metadata = Mapping[str, dg.MetadataValue | str | int | float]


@dataclass(frozen=True, slots=True)
class Report:
    """Metadata of one asset. `sign` changes when there is something new to report."""

    asset: str
    sign: str
    metadata: Metadata

    def event(self) -> dg.AssetObservation:
        """The report as Dagster records it. A materialization would set all checks of the asset to 'not evaluated'."""
        return dg.AssetObservation(self.asset, metadata=dict(self.metadata))


def reports(observation: Observation) -> list[Report]:
    """One report for each streaming asset, in the order of the graph."""
    return [_raw(observation), *_of_events(observation), *_of_kpis(observation)]


def is_waiting(sign: str | None) -> bool:
    """Whether the last report of an asset, None if there was none, had no batch to report."""
    return sign is None or sign.startswith(NO_BATCH)


def _of_events(observation: Observation) -> list[Report]:
    query, checkpoint = observation.queries["events_clean"], observation.checkpoints["events_clean"]
    if query.batch_id is None:
        return _waiting(observation, "events_clean", "events_rejected")
    accepted = _of_query(query, checkpoint) | _of_service("stream", observation.stream)
    rejected = _rejects(observation) | {"last batch": query.batch_id}
    return [
        Report("events_clean", _sign(query), accepted),
        Report("events_rejected", _sign(query), rejected),
    ]


def _of_kpis(observation: Observation) -> list[Report]:
    query, checkpoint = observation.queries["kpi_1m"], observation.checkpoints["kpi_1m"]
    if query.batch_id is None:
        return _waiting(observation, *KPI_TABLES)
    metadata = _of_query(query, checkpoint) | _window(observation) | _of_service("stream", observation.stream)
    return [Report(name, _sign(query), metadata) for name in KPI_TABLES]


def _waiting(observation: Observation, *tables: str) -> list[Report]:
    """What there is to report of tables before their query's first batch: once, and again when something is sent."""
    sent = _acknowledged(observation)
    metadata = {"last batch": "none yet"} | sent | _of_service("stream", observation.stream)
    return [
        Report(name, f"{NO_BATCH}: {observation.stream.desired} {list(sent)}", metadata) for name in tables
    ]


def _acknowledged(observation: Observation) -> dict[str, dg.MetadataValue | str | int | float]:
    progress = observation.generator.progress
    return _known({"acknowledged by Kafka since the generator's start": progress.get("acknowledged")})


def _raw(observation: Observation) -> Report:
    progress = observation.generator.progress
    metadata = _acknowledged(observation) | _known(
        {
            "generator, events/s": progress.get("rate_reached"),
            "generator, events/s wanted": progress.get("rate_wanted"),
            "arriving, records/s": observation.queries["events_clean"].input_rate,
        }
    )
    batches = [query.batch_id for query in observation.queries.values()]
    return Report(
        "events_raw",
        f"{progress.get('acknowledged')} {batches}",
        metadata | _of_service("generator", observation.generator),
    )


def _of_query(query: QueryState, found: CheckpointState) -> dict[str, dg.MetadataValue | str | int | float]:
    return _known(
        {
            "last batch": query.batch_id,
            "lag, records": query.lag_records,
            "lag, seconds of event time": query.event_time_lag_s,
            "catches up in, s": query.catch_up_s,
            "records/s": query.processed_rate,
            "batch, ms": query.batch_ms,
            "checkpoint, bytes": found.checkpoint.size_bytes if found.checkpoint else None,
            "checkpoint, age in s": found.age_s,
        }
    )


def _window(observation: Observation) -> dict[str, dg.MetadataValue | str | int | float]:
    window = observation.last_window
    return {} if window is None else {"last window": dg.MetadataValue.timestamp(window)}


def _rejects(observation: Observation) -> dict[str, dg.MetadataValue | str | int | float]:
    return {
        f"rejected in {WINDOW_MINUTES} min": observation.rejects.rejected,
        "share of all records": round(observation.rejects.share, 4),
        "by reason": dg.MetadataValue.json(observation.reject_reasons),
    }


def _of_service(label: str, service: ServiceState) -> dict[str, dg.MetadataValue | str | int | float]:
    because = f" ({service.reason})" if service.reason else ""
    return {f"{label} is wanted": service.desired + because}


def _known(
    figures: Mapping[str, float | None],
) -> dict[str, dg.MetadataValue | str | int | float]:
    return {name: round(value, 1) for name, value in figures.items() if value is not None}


def _sign(query: QueryState) -> str:
    return f"{query.batch_id} {query.committed_at}"
