"""Lists by key, the newest rows first, of tables with an index on their time alone.

A page reads that index from its cursor on, so it costs the same at any depth. Filters that have no
index are judged row by row on the way. A filter that hardly any row passes would read the whole table,
so a page looks only for so long: it may then hold fewer rows than were asked for, or none, and its
cursor goes on from where it stopped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from api.database import Connection

__all__ = ["Condition", "Filters", "Found", "Key", "Listing", "search"]

FIRST_LOOK, LONGEST_LOOK = 5_000, 200_000
"""Rows that a statement judges; each statement of a page judges four times as many as the one before."""

BUDGET_S = 0.2
"""After this no further statement is begun."""

LEAST: Mapping[type, Any] = {str: "", int: -1}
"""Below every value of that type."""

Condition = str
"""SQL with named parameters."""

Key = tuple[Any, ...]
"""Values of a listing's key columns: a place in it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on rows, and their parameters.

    `times` are on the time of the key. `exact` are those that an index answers with few rows; `judged` are
    judged row by row.
    """

    times: list[Condition] = field(default_factory=list)
    exact: list[Condition] = field(default_factory=list)
    judged: list[Condition] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def may_be_rare(self) -> bool:
        """Whether many rows may have to be judged for one that passes."""
        return bool(self.judged) and not self.exact


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

    def behind(self, moment: Any) -> Key:
        """The place behind all rows of a time."""
        return (moment, *(LEAST[kind] for kind in self.kinds[1:]))

    def page(self, filters: Filters, after: Key | None, *, until: bool) -> str:
        """The first `most` rows that pass; `until`: none that is older than the parameter of that name."""
        time = self.key[0]
        conditions = [*filters.times, *filters.exact, *filters.judged, *self._after(after)]
        conditions += [f"{time} >= %(until)s"] if until else []
        order = ", ".join(f"{name} DESC" for name in self.key)
        return f"""
            SELECT {", ".join(self.columns)} FROM {self.table}
            WHERE {" AND ".join(conditions) or "TRUE"} ORDER BY {order} LIMIT %(most)s
        """  # noqa: S608  # names and conditions come from the code, values are parameters

    def last_of_look(self, filters: Filters, after: Key | None) -> str:
        """Time of the last of the next `look_at` rows, which the index alone tells; nothing where there are fewer."""
        conditions = [*filters.times, *self._after(after)[:1]]
        return f"""
            SELECT {self.key[0]} AS moment FROM {self.table} WHERE {" AND ".join(conditions) or "TRUE"}
            ORDER BY {self.key[0]} DESC OFFSET %(look_at)s LIMIT 1
        """  # noqa: S608

    def _after(self, after: Key | None) -> list[Condition]:
        """The first condition is the index's, the second tells rows of the same time apart."""
        if after is None:
            return []
        if after == self.behind(after[0]):
            return [f"{self.key[0]} < %(after_0)s"]
        values = ", ".join(f"%(after_{place})s" for place in range(len(self.key)))
        return [f"{self.key[0]} <= %(after_0)s", f"({', '.join(self.key)}) < ({values})"]


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
    deadline, look_at = monotonic() + BUDGET_S, FIRST_LOOK
    while True:
        values = filters.values | {"look_at": look_at, "most": limit + 1 - len(rows)}
        values |= {f"after_{place}": value for place, value in enumerate(after or ())}
        if filters.may_be_rare:
            values["until"] = await _last_of_look(connection, listing.last_of_look(filters, after), values)
        until = values.get("until")
        statement = listing.page(filters, after, until=until is not None)
        # Planned anew each time: a general plan would not know how many rows a filter leaves.
        cursor = await connection.execute(statement.encode(), values, prepare=False)
        rows += await cursor.fetchall()
        if len(rows) > limit:
            return Found(rows[:limit], listing.place(rows[limit - 1]))
        if until is None:
            return Found(rows, None)
        after = listing.behind(until)
        if monotonic() >= deadline:
            return Found(rows, after)
        look_at = min(look_at * 4, LONGEST_LOOK)


async def _last_of_look(connection: Connection, statement: str, values: Mapping[str, Any]) -> Any:
    row = await (await connection.execute(statement.encode(), values, prepare=False)).fetchone()
    return None if row is None else row["moment"]
