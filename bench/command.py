"""What the benchmarks' commands share: an end that leaves no child, errors as one sentence, tables."""

import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from core.errors import OrderpulseError

MEBIBYTE = 1 << 20
Row = dict[str, Any]
"""Numbers and text by column."""


def run(command: Callable[..., None], module: str) -> None:
    """Run `command` as `python -m MODULE`; exits with 1 and a sentence on an `OrderpulseError`."""
    app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)
    app.command()(command)
    signal.signal(signal.SIGTERM, _end)
    try:
        app(prog_name=f"python -m {module}")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")


def show(title: str, rows: Sequence[Row]) -> None:
    """Print `rows` as a table; the keys of the first one are the columns. Nothing without rows."""
    if not rows:
        return
    table = Table(*rows[0], title=title)
    for row in rows:
        table.add_row(*map(_written, row.values()))
    Console().print(table)


def _written(value: float | str) -> str:
    """Three digits of a fraction at least, all of a whole number."""
    if isinstance(value, str):
        return value
    decimals = 0 if isinstance(value, int) or value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}"


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwind, so that no child and no data are left."""
    sys.exit(128 + number)
