"""What the processes report, in words."""

from collections.abc import Mapping
from typing import Any


def progress_in_words(service: str, progress: Mapping[str, Any]) -> str:
    """One line about a heartbeat's `progress`; `service` is the name of the process."""
    queries = progress.get("queries")
    if isinstance(queries, dict):
        return "; ".join(_query(name, query) for name, query in sorted(queries.items()))
    if "acknowledged" not in progress:
        return f"{service}: nothing to tell yet"
    return (
        f"{service}: {_number(progress.get('rate_reached'))} events/s of {_number(progress.get('rate_wanted'))} "
        f"wanted; {progress['acknowledged']:,} acknowledged, {progress.get('failed', 0):,} failed, "
        f"{progress.get('waiting', 0):,} waiting"
    )


def _query(name: str, query: dict[str, Any]) -> str:
    if query.get("batch_id") is None:
        return f"{name}: no batch yet"
    return (
        f"{name}: batch {query['batch_id']:,}, {_number(query.get('processed_rate'))} records/s, "
        f"{query.get('lag_records', 0):,} records behind, {query.get('batch_ms') or 0:,} ms a batch"
    )


def _number(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, int | float) else "?"
