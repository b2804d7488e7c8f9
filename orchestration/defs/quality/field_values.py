"""How many values the optional fields have: each combination is a row of every minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from control.words import count
from core.events import DIMENSIONS
from core.tables import KPI_1M_DETAIL
from orchestration.defs.quality.verdict import Verdict, passed, warned

DESCRIPTION = (
    "No optional field of the events has more than ORDERPULSE_CHECKS__FIELD_VALUES values in 24 hours. If it fails: a "
    "producer sends ids or free text in the field that the result names. KPIs stay correct, but kpi_1m_detail and the "
    "stream's state grow. Ask the producer for a short list of values (docs/events.md)."
)

SPAN = timedelta(hours=24)
EXAMPLES = 3

_COLUMNS = ", ".join(dimension.column for dimension in DIMENSIONS)
_COUNTS = f"""
    WITH combinations AS (
        SELECT DISTINCT {_COLUMNS} FROM {KPI_1M_DETAIL.name} WHERE window_start >= %(since)s
    )
    SELECT {", ".join(f"count(DISTINCT nullif({each.column}, '')) AS {each.column}" for each in DIMENSIONS)}
    FROM combinations
"""  # noqa: S608  # names come from the contract
_EXAMPLES = f"""
    SELECT {{column}} FROM {KPI_1M_DETAIL.name} WHERE window_start >= %(since)s AND {{column}} <> ''
    GROUP BY 1 ORDER BY max(window_start) DESC, 1 LIMIT {EXAMPLES}
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class FieldValues:
    """Number of known values of each optional field, by its name, and some of the field that has the most."""

    counts: dict[str, int]
    examples: tuple[str, ...] = ()

    @property
    def worst(self) -> str:
        """The field with the most values."""
        return max(self.counts, key=lambda name: self.counts[name])


def read_field_values(connection: psycopg.Connection[Any], now: datetime, limit: int) -> FieldValues:
    """The values of the last 24 hours; examples if a field exceeds the limit."""
    values = {"since": now - SPAN}
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(_COUNTS.encode(), values).fetchall()[0]
        found = FieldValues({each.name: row[each.column] for each in DIMENSIONS})
        if found.counts[found.worst] <= limit:
            return found
        column = next(each.column for each in DIMENSIONS if each.name == found.worst)
        rows = cursor.execute(_EXAMPLES.format(column=column).encode(), values).fetchall()
    return FieldValues(found.counts, tuple(each[column] for each in rows))


def evaluate(values: FieldValues, limit: int) -> Verdict:
    """Judge the field with the most values; a warning, because all figures stay right."""
    metadata: dict[str, int | float | str] = {"limit, values": limit, **values.counts}
    worst = values.worst
    summary = f"{worst} has {count(values.counts[worst], 'values')} in 24 hours"
    if values.counts[worst] <= limit:
        return passed(f"{summary}, the most of the optional fields.", metadata)
    return warned(
        f"{summary}; {limit:,} are allowed. The newest: {', '.join(values.examples)}. A producer sends ids or free text in "
        "it, so kpi_1m_detail and the stream's state grow. Ask it for a short list of values, or to leave the field out "
        "(docs/events.md).",
        metadata,
    )
