"""What `orderpulse` shows: steps with their durations, a progress bar, the table of what runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from core.settings import Settings
from stack.status import Status

__all__ = ["Screen", "where_to_look"]

WIDTH_OF_A_FILE = 160
COLOURS = {"healthy": "green", "starting": "yellow"}


class Screen:
    """Writes to standard output; plain text where that is no terminal."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=WIDTH_OF_A_FILE)

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show `text` while the block runs, and what it took when it ends well."""
        started = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(text):
                yield
        else:
            yield
        self.say(f"  {text} ({time.monotonic() - started:.1f} s)")

    @contextmanager
    def growing(self, text: str, path: Path) -> Iterator[Callable[[], None]]:
        """The same for a step that writes the file `path`; yields the function that shows its size by now."""
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
        """A bar; yields the function that moves it on by one."""
        columns = (TextColumn(f"  {text}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self._console) as bar:
            task = bar.add_task(text, total=total)
            yield lambda: bar.advance(task)

    def table(self, lines: list[Status]) -> None:
        """What runs where."""
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
    """The addresses that a person opens after `up`."""
    dagster, database = settings.dagster, settings.postgres
    return [
        f"dashboard http://localhost:{settings.api.port}",
        f"Dagster   http://localhost:{dagster.webserver_port}",
        f"dbt docs  http://localhost:{dagster.docs_port}",
        f"database  psql postgresql://{database.user}@{database.host}:{database.port}/{database.database}",
    ]


def _short(path: str) -> str:
    """A path below the working folder, without it."""
    return path.removeprefix(f"{Path.cwd()}/")
