"""Keyset pagination, newest rows first, over tables with an index on their time only.

A page reads that index from its cursor on, so it costs the same at any depth. Filters without an
index are evaluated row by row. A filter that hardly any row matches would read the whole table,
so the search for a page is limited in time: it may then have fewer rows than requested, or none, and its
cursor continues from where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from api.database import Connection

FIRST_LOOK, LONGEST_LOOK = 5_000, 200_000
"""Rows that a page's first statement scans; each further statement scans four times as many as the previous."""

BUDGET_S = 0.2
"""After this time no further statement is started."""

LEAST: Mapping[type, Any] = {str: "", int: -1}
"""A value below all others of the type."""

Condition = str
"""SQL with named parameters."""

Key = tuple[Any, ...]
"""Values of a listing's key columns: a position in it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on rows, and their parameters.

    `times` are on the time of the key. `exact` are those that an index answers with few rows; `unindexed` are
    evaluated row by row.
    """

    times: list[Condition] = field(default_factory=list)
    exact: list[Condition] = field(default_factory=list)
    unindexed: list[Condition] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def may_be_rare(self) -> bool:
        """Whether many rows may have to be evaluated for one match."""
        return bool(self.unindexed) and not self.exact


@dataclass(frozen=True, slots=True)
class Listing:
    """A table, the columns to read, and its key with the types of its values.

    The key is an indexed time followed by the columns that make it unique.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    kinds: tuple[type, ...]

    def place(self, row: Mapping[str, Any]) -> Key:
        """The position of a row."""
        return tuple(row[name.strip('"')] for name in self.key)

    def behind(self, moment: Any) -> Key:
        """The position after all rows of a time."""
        return (moment, *(LEAST[kind] for kind in self.kinds[1:]))

    def page(self, filters: Filters, after: Key | None, *, until: bool) -> str:
        """SQL for the first `most` matching rows; with `until`, none older than the parameter of that name."""
        time = self.key[0]
        conditions = [*filters.times, *filters.exact, *filters.unindexed, *self._after(after)]
        conditions += [f"{time} >= %(until)s"] if until else []
        order = ", ".join(f"{name} DESC" for name in self.key)
        return f"""
            SELECT {", ".join(self.columns)} FROM {self.table}
            WHERE {" AND ".join(conditions) or "TRUE"} ORDER BY {order} LIMIT %(most)s
        """  # noqa: S608  # names and conditions come from the code, values are parameters

    def last_of_scan(self, filters: Filters, after: Key | None) -> str:
        """SQL for the time of the last of the next `scan_rows` rows, by the index only; no row if there are fewer."""
        conditions = [*filters.times, *self._after(after)[:1]]
        return f"""
            SELECT {self.key[0]} AS moment FROM {self.table} WHERE {" AND ".join(conditions) or "TRUE"}
            ORDER BY {self.key[0]} DESC OFFSET %(scan_rows)s LIMIT 1
        """  # noqa: S608

    def _after(self, after: Key | None) -> list[Condition]:
        """Conditions for rows after a position: the first uses the index, the second separates rows of the same time."""
        if after is None:
            return []
        if after == self.behind(after[0]):
            return [f"{self.key[0]} < %(after_0)s"]
        values = ", ".join(f"%(after_{place})s" for place in range(len(self.key)))
        return [f"{self.key[0]} <= %(after_0)s", f"({', '.join(self.key)}) < ({values})"]


@dataclass(frozen=True, slots=True)
class Found:
    """A page, and the position after which the next one begins; None on the last page."""

    rows: list[dict[str, Any]]
    after: Key | None


async def search(
    connection: Connection, listing: Listing, filters: Filters, after: Key | None, limit: int
) -> Found:
    """At most `limit` rows after `after`, in the listing's order."""
    rows: list[dict[str, Any]] = []
    deadline, scan_rows = monotonic() + BUDGET_S, FIRST_LOOK
    while True:
        values = filters.values | {"scan_rows": scan_rows, "most": limit + 1 - len(rows)}
        values |= {f"after_{place}": value for place, value in enumerate(after or ())}
        if filters.may_be_rare:
            values["until"] = await _last_of_scan(connection, listing.last_of_scan(filters, after), values)
        until = values.get("until")
        statement = listing.page(filters, after, until=until is not None)
        # Planned for each call: a generic plan would not know how many rows match a filter.
        cursor = await connection.execute(statement.encode(), values, prepare=False)
        rows += await cursor.fetchall()
        if len(rows) > limit:
            return Found(rows[:limit], listing.place(rows[limit - 1]))
        if until is None:
            return Found(rows, None)
        after = listing.behind(until)
        if monotonic() >= deadline:
            return Found(rows, after)
        scan_rows = min(scan_rows * 4, LONGEST_LOOK)


async def _last_of_scan(connection: Connection, statement: str, values: Mapping[str, Any]) -> Any:
    row = await (await connection.execute(statement.encode(), values, prepare=False)).fetchone()
    return None if row is None else row["moment"]
