"""`python -m spark_jobs.backfill`: the batch layer by hand.

The same functions heal the stream by themselves; here an operator names the range.
"""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from core import postgres
from core.clock import to_iso8601
from core.errors import OrderpulseError
from core.logging import configure_logging
from core.settings import load_settings
from database import reconcile
from spark_jobs.heal import reprocess
from spark_jobs.session import build_session

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Since = Annotated[datetime, typer.Option("--from", help="First minute, UTC: 2026-03-01T09:00")]
Until = Annotated[datetime, typer.Option("--to", help="Minute after the last, UTC.")]


@app.command()
def check(start: Since, end: Until) -> None:
    """List the minutes whose KPIs are not what events_clean gives. Exits 1 where there is one."""
    with postgres.connect(load_settings().postgres, autocommit=True) as connection:
        windows = reconcile.differing_windows(connection, _utc(start), _utc(end))
    for window in windows:
        typer.echo(to_iso8601(window))
    typer.echo(f"{len(windows)} minutes differ from events_clean", err=True)
    raise typer.Exit(1 if windows else 0)


@app.command()
def kpis(start: Since, end: Until) -> None:
    """Recompute kpi_1m and kpi_1m_by_currency from events_clean for a range of minutes."""
    with postgres.connect(load_settings().postgres) as connection:
        count = reconcile.recompute(connection, _utc(start), _utc(end))
    typer.echo(f"recomputed {count} minutes")


@app.command()
def offsets(
    partition: Annotated[list[int], typer.Option(help="Partition; repeat for each one of the topic.")],
    first: Annotated[
        list[int], typer.Option("--from", help="First offset, one a partition, in the same order.")
    ],
    last: Annotated[list[int], typer.Option("--to", help="Offset after the last, one a partition.")],
) -> None:
    """Read a range of offsets again, write the rows that are missing and recompute their minutes."""
    if not len(partition) == len(first) == len(last):
        raise typer.BadParameter("give --partition, --from and --to equally often")
    settings = load_settings()
    spark = build_session(settings, "orderpulse-backfill")
    windows = reprocess(
        spark, settings, dict(zip(partition, first, strict=True)), dict(zip(partition, last, strict=True))
    )
    spark.stop()
    with postgres.connect(settings.postgres) as connection:
        reconcile.recompute_windows(connection, windows)
    typer.echo(f"recomputed {len(windows)} minutes")


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def main() -> None:
    """Entry point: an error of ours is one sentence and exit code 1."""
    configure_logging(process="backfill")
    try:
        app(standalone_mode=True)
    except OrderpulseError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
