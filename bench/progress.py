"""What a benchmark shows while it works, on standard error."""

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

Step = Callable[[float], None]
"""Reports how much of a step is done."""


class Progress(RichProgress):
    """Bars on a terminal, lines elsewhere; a context manager."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, highlight=False)

    def step(self, text: str, total: float) -> Step:
        """Begin a step that ends at `total`."""
        if not self.console.is_terminal:
            self.say(text)
        task = self.add_task(text, total=total)
        return lambda reached: self.update(task, completed=min(reached, total))
