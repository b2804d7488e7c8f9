"""`python -m stack.supply bill|licences`."""

import sys

import typer

from core.errors import OrderpulseError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bill() -> None:
    """Write the bill of materials."""
    from stack.supply.bill import FILE, write_bill

    write_bill()
    print(f"The bill of materials is in {FILE}.")


@app.command()
def licences() -> None:
    """Write docs/reference/licences.md."""
    from stack.supply.licences import write_page

    write_page()


if __name__ == "__main__":
    try:
        app(prog_name="python -m stack.supply")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
