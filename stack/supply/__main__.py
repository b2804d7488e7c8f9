"""`python -m stack.supply audit|bill|licences`."""

import sys

import typer

from core.errors import OrderpulseError

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def audit() -> None:
    """Look for known weaknesses. Exits with 1 where there are some, not where the advisories are out of reach."""
    from stack.supply.audit import audits

    found = 0
    for each in audits():
        if each.unreachable is not None:
            print(f"not looked at {each.subject}: the advisories cannot be reached ({each.unreachable})")
        else:
            print(f"{len(each.weaknesses) or 'no'} known weaknesses in {each.subject}")
        if each.unknown:
            print(f"  not looked at, nothing is known of them: {', '.join(each.unknown)}")
        for weakness in each.weaknesses:
            print(f"  {weakness}")
        found += len(each.weaknesses)
    if found:
        sys.exit(1)


@app.command()
def bill() -> None:
    """Write the bill of materials."""
    from stack.supply.bill import FILE, write_bill

    write_bill()
    print(f"The bill of materials is in {FILE}.")


@app.command()
def licences() -> None:
    """Write docs/licences.md."""
    from stack.supply.licences import write_page

    write_page()


if __name__ == "__main__":
    try:
        app(prog_name="python -m stack.supply")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
