"""Deleting rows by age: in batches with a commit each, so that nobody waits for long."""

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import tuple_row

__all__ = ["Doomed", "purge"]


@dataclass(frozen=True, slots=True)
class Doomed:
    """The rows of a table (called `old` in the condition) that are to go.

    `name` is what the table is called in reports. Conditions are code, values are parameters.
    """

    name: str
    table: str
    condition: str
    values: dict[str, Any] = field(default_factory=dict)


def purge(
    connection: psycopg.Connection[Any], doomed: Doomed, rows_per_batch: int, *, dry_run: bool = False
) -> int:
    """Delete the rows and return how many; with `dry_run` only count them.

    `connection` commits by itself. Raises psycopg's errors; what was deleted until then is gone.
    """
    if dry_run:
        count = f"SELECT count(*) FROM {doomed.table} AS old WHERE {doomed.condition}"  # noqa: S608  # code, not input
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(count.encode(), doomed.values).fetchone()
        return int(row[0]) if row else 0
    delete = f"""
        DELETE FROM {doomed.table} WHERE ctid = ANY(ARRAY(
            SELECT old.ctid FROM {doomed.table} AS old WHERE {doomed.condition} LIMIT %(rows_per_batch)s
        ))
    """  # noqa: S608  # as above
    values = doomed.values | {"rows_per_batch": rows_per_batch}
    deleted = 0
    while batch := connection.execute(delete.encode(), values).rowcount:
        deleted += batch
    return deleted
