"""Deletes rows by age, in batches with a commit each, so that locks are short."""

from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import tuple_row


@dataclass(frozen=True, slots=True)
class ExpiredRows:
    """The rows of a table (`old` in the condition) to delete.

    `name` is the table's name in reports. Conditions are code, values are parameters.
    """

    name: str
    table: str
    condition: str
    values: dict[str, Any] = field(default_factory=dict)


def purge(
    connection: psycopg.Connection[Any], expired: ExpiredRows, rows_per_batch: int, *, dry_run: bool = False
) -> int:
    """Delete the rows and return their number; with `dry_run` only count them.

    `connection` is in autocommit mode. Raises psycopg's errors; rows deleted until then stay deleted.
    """
    if dry_run:
        count = f"SELECT count(*) FROM {expired.table} AS old WHERE {expired.condition}"  # noqa: S608  # code, not input
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute(count.encode(), expired.values).fetchone()
        return int(row[0]) if row else 0
    delete = f"""
        DELETE FROM {expired.table} WHERE ctid = ANY(ARRAY(
            SELECT old.ctid FROM {expired.table} AS old WHERE {expired.condition} LIMIT %(rows_per_batch)s
        ))
    """  # noqa: S608  # as above
    values = expired.values | {"rows_per_batch": rows_per_batch}
    deleted = 0
    while batch := connection.execute(delete.encode(), values).rowcount:
        deleted += batch
    return deleted
