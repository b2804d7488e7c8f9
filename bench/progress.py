"""What a benchmark says while it works, on standard error."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

__all__ = ["Progress", "Step"]

Step = Callable[[float], None]
"""Tells how much of a step is reached."""


class Progress:
    """Bars on a terminal, lines elsewhere; a context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(text, highlight=False)

    def step(self, text: str, total: float) -> Step:
        """Begin a step that ends at `total`."""
        if not self._console.is_terminal:
            self.say(text)
        task = self._bars.add_task(text, total=total)
        return lambda reached: self._bars.update(task, completed=min(reached, total))

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
