"""The layout of the command line: command groups, and harmless suggestions for typos."""

from difflib import get_close_matches
from typing import Any

from typer.core import TyperGroup

EVERY_DAY = "Every day"
DATA = "Data"
TOOLS = "Tools, run with the platform's settings"
PLATFORM = "Security and deployment"

PANELS = (EVERY_DAY, DATA, TOOLS, PLATFORM)

HELP = {"help_option_names": ["-h", "--help"]}

DESTRUCTIVE = {"reset", "restore"}
"""Never suggested for a typo."""


class Commands(TyperGroup):
    """The commands of `orderpulse`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """By panel; destructive commands come last in theirs."""

        def place(name: str) -> tuple[int, bool]:
            panel = getattr(self.commands[name], "rich_help_panel", None)
            return PANELS.index(panel) if panel in PANELS else len(PANELS), name in DESTRUCTIVE

        return sorted(super().list_commands(ctx), key=place)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve like typer; for an unknown name suggest similar, harmless commands."""
        if args[0] not in self.commands:
            harmless = [
                name
                for name, command in self.commands.items()
                if name not in DESTRUCTIVE and not command.hidden
            ]
            guesses = [f"`{name}`" for name in get_close_matches(args[0], harmless)]
            advice = f"Did you mean {' or '.join(guesses)}?" if guesses else "`orderpulse -h` lists all."
            ctx.fail(f"There is no command '{args[0]}'. {advice}")
        return super().resolve_command(ctx, args)
