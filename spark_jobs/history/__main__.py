"""`python -m spark_jobs.history`: the batch layer's part of `orderpulse import`, which reads an Arrow stream."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psycopg
import pyarrow as pa
import typer

from core import postgres
from core.clock import utc_now
from core.errors import OrderpulseError
from core.logging import configure_logging
from core.settings import load_settings
from spark_jobs.cluster import batch_settings
from spark_jobs.history.load import (
    Batch,
    Importer,
    Options,
    Summary,
    expiry,
    oldest_time,
    read_batches,
    require_kept,
)
from spark_jobs.history.rejects import Rejects
from spark_jobs.history.store import prepare
from spark_jobs.session import build_session

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def load_command(
    rejected: Annotated[Path, typer.Option(help="File for the records that are not imported.")],
    *,
    let_expire: Annotated[
        bool, typer.Option("--let-expire", help="Also events that retention deletes.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, change nothing.")] = False,
) -> None:
    """Import the events of an Arrow stream on standard input (`core.history`)."""
    settings, started, now = load_settings(), time.monotonic(), utc_now()
    options = Options(let_expire=let_expire, dry_run=dry_run)
    first, batches = _after_the_first(read_batches(sys.stdin.buffer))
    require_kept(oldest_time(first), settings.retention, options, now)
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        prepare(connection)
    with Rejects(rejected) as rejects:
        spark = build_session(batch_settings(settings), "orderpulse-import")
        spark.sparkContext.setLogLevel("ERROR")  # it would warn of each batch that a task is large
        importer = Importer(spark, settings, rejects, options, now)
        loading = time.monotonic()
        importer.run(batches, lambda done: typer.echo(progress_line(done, time.monotonic() - loading)))
        spark.stop()
    for line in report(importer.summary, options, rejected, time.monotonic() - started):
        typer.echo(line)
    note = expiry(settings.retention, importer.summary.oldest, now)
    if note:
        typer.echo(note)


def progress_line(done: Summary, elapsed_s: float) -> str:
    """One line after each batch."""
    share = done.position.share
    read = "" if share is None else f"{share:4.0%}  "
    rate = done.position.lines / elapsed_s
    return (
        f"{read}{done.position.lines:,} lines: {done.new:,} new, {done.duplicate:,} duplicate, "
        f"{done.rejected.total():,} rejected; {rate:,.0f} lines/s"
    )


def report(done: Summary, options: Options, rejected: Path, elapsed_s: float) -> Iterator[str]:
    """The end: what became of every line."""
    verb = "would be" if options.dry_run else "are"
    yield f"Read to its end in {elapsed_s:,.0f} s: {done.position.lines:,} lines."
    yield f"  new        {done.new:>12,}  {verb} in events_clean" + (
        "" if options.dry_run else f"; {done.minutes:,} minutes recomputed"
    )
    differing = f"; {done.differing:,} with other content than the stored event" if done.differing else ""
    yield f"  duplicate  {done.duplicate:>12,}  {verb} there already{differing}"
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in done.rejected.most_common())
    yield f"  rejected   {done.rejected.total():>12,}  " + (f"{reasons}; see {rejected}" if reasons else "")
    if done.position.ignored:
        yield f"  ignored    {done.position.ignored:>12,}  lines that are not about an order or payment"


def _after_the_first(batches: Iterator[Batch]) -> tuple[pa.RecordBatch, Iterator[Batch]]:
    """The first batch, and all: what is wrong with the file is known before Spark starts."""
    first = next(batches)

    def whole() -> Iterator[Batch]:
        yield first
        yield from batches

    return first[0], whole()


def main() -> None:
    """Entry point; our own errors are one sentence and exit code 1."""
    configure_logging(process="import")
    try:
        app(standalone_mode=True)
    except OrderpulseError as error:
        sys.exit(f"orderpulse: {error}")
    except psycopg.Error as error:
        sys.exit(
            f"orderpulse: The database failed: {str(error).strip()}. What was written stays; "
            "run the same command again for the rest."
        )


if __name__ == "__main__":
    main()
