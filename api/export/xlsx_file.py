"""Events as XLSX (Office Open XML), in constant memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import anyio.to_thread
import xlsxwriter
from xlsxwriter.format import Format

from api.edge.problems import ProblemError
from api.export.cells import decimals_of
from api.export.rows import Pages
from core.tables import EVENTS_CLEAN

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MAX_ROWS = 200_000
"""A sheet allows five times as many, but one file must not keep the API's only process busy for minutes."""

WIDTHS = {"id": 38, "event_time": 20, "ingest_time": 20, "event_type": 18, "amount": 18}
DEFAULT_WIDTH = 14
TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
MONEY_FORMATS = {0: "#,##0", 2: "#,##0.00"}


async def write_events(path: Path, pages: Pages, zone: ZoneInfo) -> int:
    """Write all pages to `path`; returns the number of rows. Raises a 422 if there are too many, and `DatabaseError`."""
    sheet = _Sheet(path, zone)
    try:
        async for rows in pages:
            if sheet.rows + len(rows) > MAX_ROWS:
                raise ProblemError(
                    422,
                    "too_many_rows",
                    "The file would be too large",
                    f"More than {MAX_ROWS:,} events match the filters, the limit for an XLSX file. Narrow the "
                    "time range, or download the CSV file, which has no limit.",
                    values={"limit": MAX_ROWS},
                )
            await anyio.to_thread.run_sync(sheet.add, rows)
    finally:
        await anyio.to_thread.run_sync(sheet.close)
    return sheet.rows


class _Sheet:
    """A workbook of one sheet, with local times in `zone`."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        self.rows = 0
        self._zone = zone
        # Text stays text: nothing in an event becomes a formula, a link or a number.
        options = {"constant_memory": True, "remove_timezone": True, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._book.add_worksheet("events")
        self._time = self._book.add_format({"num_format": TIME_FORMAT})
        self._text = self._book.add_format({"num_format": "@"})
        self._money: dict[int, Format] = {
            decimals: self._book.add_format({"num_format": shape})
            for decimals, shape in MONEY_FORMATS.items()
        }
        self._begin()

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows."""
        for row in rows:
            self.rows += 1
            for column, name in enumerate(EVENTS_CLEAN.columns):
                self._cell(column, row[name], row["currency"])

    def close(self) -> None:
        """Finish the file."""
        self._sheet.autofilter(0, 0, self.rows, len(EVENTS_CLEAN.columns) - 1)
        self._book.close()

    def _begin(self) -> None:
        bold = self._book.add_format({"bold": True})
        for column, name in enumerate(EVENTS_CLEAN.columns):
            self._sheet.set_column(column, column, WIDTHS.get(name, DEFAULT_WIDTH))
            shown = f"{name} ({self._zone.key})" if name.endswith("_time") else name
            self._sheet.write_string(0, column, shown, bold)
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    def _cell(self, column: int, value: Any, currency: str) -> None:
        if isinstance(value, datetime):
            self._sheet.write_datetime(self.rows, column, value.astimezone(self._zone), self._time)
        elif isinstance(value, Decimal):
            self._sheet.write_number(self.rows, column, value, self._money[decimals_of(value, currency)])
        elif value is not None:
            self._sheet.write_string(self.rows, column, str(value), self._text)
