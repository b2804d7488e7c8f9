"""Output of `orderpulse`: steps with durations, a progress bar, the status table."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from core.settings import Settings
from stack.local.status import Status

FILE_WIDTH = 160
COLOURS = {"healthy": "green", "starting": "yellow"}


class Screen:
    """Writes to standard output; plain text if it is not a terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=FILE_WIDTH)

    def say(self, text: str) -> None:
        """Print one line."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show `text` while the block runs, and its duration if it succeeds."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(text):
                yield
        else:
            yield
        self.say(f"  {text} ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def growing(self, text: str, path: Path) -> Iterator[Callable[[], None]]:
        """The same for a step that writes the file `path`; yields a function that shows its current size."""
        started = time.monotonic()

        def size_mb() -> float:
            return path.stat().st_size / 1e6 if path.exists() else 0.0

        if self._console.is_terminal:
            with self._console.status(text) as status:
                yield lambda: status.update(f"{text}: {size_mb():,.0f} MB")
        else:
            yield lambda: None
        self.say(f"  {text}: {size_mb():,.1f} MB ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def progress(self, text: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a progress bar; yields a function that advances it by one."""
        columns = (TextColumn(f"  {text}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(text, total=total)
            yield lambda: bar.advance(task)

    def table(self, lines: list[Status]) -> None:
        """Print the status table."""
        table = Table("name", "state", "pid", "port", "health", "uptime", box=None, header_style="bold")
        table.add_column("log", overflow="fold")
        for line in lines:
            colour = COLOURS.get(line.health or "", "default" if line.health is None else "red")
            table.add_row(
                line.name,
                line.state,
                str(line.pid or "-"),
                str(line.port or "-"),
                f"[{colour}]{line.health or '-'}[/]",
                "-" if line.uptime_s is None else f"{line.uptime_s} s",
                _short(line.log),
            )
        self._console.print(table)


def where_to_look(settings: Settings) -> list[str]:
    """The addresses to open after `up`."""
    dagster, database = settings.dagster, settings.postgres
    return [
        f"dashboard http://localhost:{settings.api.port}",
        f"intake    http://localhost:{settings.intake.port}/v1/events, /v1/sources/NAME",
        f"Dagster   http://localhost:{dagster.webserver_port}",
        f"dbt docs  http://localhost:{dagster.docs_port}",
        f"database  psql postgresql://{database.user}@{database.host}:{database.port}/{database.database}",
    ]


def _short(path: str) -> str:
    """A path relative to the working folder, if it is inside."""
    return path.removeprefix(f"{Path.cwd()}/")
