"""Lists by key, the newest rows first, of tables with an index on their time alone.

A page reads that index from its cursor on, so it costs the same at any depth. Filters that have no
index are judged row by row on the way. A filter that hardly any row passes would read the whole table,
so a page looks only for so long: it may then hold fewer rows than were asked for, or none, and its
cursor goes on from where it stopped. A filter with an index narrows what is read from the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from api.database import Connection

__all__ = ["Condition", "Filters", "Found", "Key", "Listing", "search"]

FIRST_LOOK, LONGEST_LOOK = 5_000, 100_000
"""Rows that a statement judges; each statement of a page judges four times as many as the one before."""

BUDGET_S = 0.2
"""After this no further statement is begun."""

Condition = str
"""SQL with named parameters."""

Key = tuple[Any, ...]
"""Values of a listing's key columns: a place in it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A table, the columns that are read, and its key with the types of its values.

    The key is a time that has an index, then what makes it unique.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    kinds: tuple[type, ...]

    def place(self, row: Mapping[str, Any]) -> Key:
        """The place of a row."""
        return tuple(row[name.strip('"')] for name in self.key)

    def statement(self, filters: "Filters", after: Key | None) -> str:
        """Judges `look_at` rows in order; returns those that pass, and the last one that it has looked at."""
        within = [*filters.indexed, *([self._after()] if after else [])]
        order = ", ".join(f"{name} DESC" for name in self.key)
        return f"""
            SELECT * FROM (
                SELECT *, row_number() OVER () AS nth, ({" AND ".join(filters.judged) or "TRUE"}) AS passes
                FROM (
                    SELECT {", ".join(self.columns)} FROM {self.table}
                    WHERE {" AND ".join(within) or "TRUE"} ORDER BY {order} LIMIT %(look_at)s
                ) AS looked_at
            ) AS judged
            WHERE passes OR nth = %(look_at)s LIMIT %(most)s
        """  # noqa: S608  # names and conditions come from the code, values are parameters

    def _after(self) -> Condition:
        """Two conditions: the first is the index's, the second tells rows of the same time apart."""
        values = ", ".join(f"%(after_{place})s" for place in range(len(self.key)))
        return f"{self.key[0]} <= %(after_0)s AND ({', '.join(self.key)}) < ({values})"


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that an index answers, those that are judged row by row, and their parameters."""

    indexed: list[Condition] = field(default_factory=list)
    judged: list[Condition] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """A page, and the place after which the next one begins; None where there is no more."""

    rows: list[dict[str, Any]]
    after: Key | None


async def search(
    connection: Connection, listing: Listing, filters: Filters, after: Key | None, limit: int
) -> Found:
    """At most `limit` rows behind `after`, in the listing's order."""
    rows: list[dict[str, Any]] = []
    deadline = monotonic() + BUDGET_S
    look_at = FIRST_LOOK if filters.judged else limit + 1
    while True:
        values = filters.values | {"look_at": look_at, "most": limit + 1 - len(rows)}
        values |= {f"after_{place}": value for place, value in enumerate(after or ())}
        # Planned anew each time: a general plan would not know how many rows a filter leaves.
        cursor = await connection.execute(listing.statement(filters, after).encode(), values, prepare=False)
        seen = await cursor.fetchall()
        rows += [row for row in seen if row["passes"]]
        if len(rows) > limit:
            return Found(rows[:limit], listing.place(rows[limit - 1]))
        if not seen or seen[-1]["nth"] < look_at:
            return Found(rows, None)
        after = listing.place(seen[-1])
        if monotonic() >= deadline:
            return Found(rows, after)
        look_at = min(look_at * 4, LONGEST_LOOK)
