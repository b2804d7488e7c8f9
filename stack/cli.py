"""The command line `orderpulse`."""

import sys

import typer

from core.errors import OrderpulseError
from core.settings import load_settings

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Live KPIs of orders and payments.")


@app.callback()
def _root() -> None:
    """Live KPIs of orders and payments."""


@app.command(name="run", hidden=True)
def run_program(name: str) -> None:
    """Become the program NAME; the process manager starts its programs so."""
    from stack.run import run

    run(load_settings(), name)


def main() -> None:
    """Run the command line; an error is one readable sentence and a non-zero exit."""
    try:
        app()
    except OrderpulseError as error:
        print(f"orderpulse: {error}", file=sys.stderr)
        sys.exit(1)
