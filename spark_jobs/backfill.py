"""`python -m spark_jobs.backfill`: the batch layer's commands.

The stream uses the same functions for its own repairs; here an operator, or a job of the
orchestration, gives the range. The last line is a summary in JSON.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from core import kafka, postgres
from core.clock import to_iso8601
from core.errors import BrokerError, OrderpulseError, SettingsError
from core.events import RejectReason
from core.logging import configure_logging
from core.settings import Settings, load_settings
from database import reconcile
from spark_jobs.cluster import batch_settings
from spark_jobs.heal import reprocess
from spark_jobs.rejected.replay import Selection, replay
from spark_jobs.session import build_session
from spark_jobs.source import Offsets

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)


def _moment(text: str) -> datetime:
    """A time in ISO-8601; UTC if it has no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        said = f"{text!r} is not a time; write 2026-03-01T09:00 or 2026-03-01T09:00:00Z"
        raise typer.BadParameter(said) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Since = Annotated[
    datetime,
    typer.Option("--from", parser=_moment, metavar="TIME", help="First minute, UTC: 2026-03-01T09:00"),
]
Until = Annotated[
    datetime, typer.Option("--to", parser=_moment, metavar="TIME", help="Minute after the last, UTC.")
]
TakenFrom = Annotated[
    datetime,
    typer.Option("--from", parser=_moment, metavar="TIME", help="Earliest Kafka time of a record, UTC."),
]
TakenTo = Annotated[
    datetime,
    typer.Option("--to", parser=_moment, metavar="TIME", help="End of the Kafka times, exclusive, UTC."),
]


@app.command()
def check(start: Since, end: Until) -> None:
    """List the minutes whose KPIs differ from events_clean. Exits with 1 if there are any."""
    with postgres.connect(load_settings().postgres, autocommit=True) as connection:
        windows = reconcile.differing_windows(connection, start, end)
    for window in windows:
        typer.echo(to_iso8601(window))
    typer.echo(f"{len(windows)} minutes differ from events_clean", err=True)
    raise typer.Exit(1 if windows else 0)


@app.command()
def kpis(start: Since, end: Until) -> None:
    """Recompute the KPI tables from events_clean for a range of minutes.

    Refused if events of the range were deleted by age.
    """
    if any(moment.second or moment.microsecond for moment in (start, end)):
        raise typer.BadParameter("windows begin at full minutes")
    with postgres.connect(load_settings().postgres) as connection:
        count = reconcile.recompute(connection, start, end)
    _print_summary(minutes=count)


@app.command()
def rejected(
    start: TakenFrom,
    end: TakenTo,
    *,
    reason: Annotated[
        list[str] | None, typer.Option(help="Reason of the rejection; repeat for several.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="Source whose messages did not map; repeat for several.")
    ] = None,
    admit_late: Annotated[bool, typer.Option("--admit-late", help="Skip the rule `late`.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, change nothing.")] = False,
) -> None:
    """Validate rejected records by the current rules and admit those that pass.

    Messages that did not map go through their source again.
    """
    if not reason and not source:
        raise typer.BadParameter("give --reason or --source")
    settings = load_settings()
    selection = Selection(_reasons(reason or []), start, end, tuple(source or ()))
    spark = build_session(batch_settings(settings), "orderpulse-backfill")
    summary = replay(spark, settings, selection, admit_late=admit_late, dry_run=dry_run)
    spark.stop()
    _print_summary(
        dry_run=dry_run,
        judged=summary.judged,
        admitted=summary.admitted,
        duplicate=summary.duplicate,
        expired=summary.expired,
        cut=summary.cut,
        minutes=summary.minutes,
        mapped=summary.mapped,
        without_event=summary.without_event,
        refused=dict(summary.refused),
        unmapped=dict(summary.unmapped),
    )


@app.command()
def offsets(
    partition: Annotated[list[int], typer.Option(help="Partition; repeat for several.")],
    first: Annotated[
        list[int], typer.Option("--from", help="First offset, one per partition, in the same order.")
    ],
    last: Annotated[list[int], typer.Option("--to", help="Offset after the last, one per partition.")],
) -> None:
    """Read a range of offsets again, write missing rows and recompute their minutes."""
    if not len(set(partition)) == len(partition) == len(first) == len(last):
        raise typer.BadParameter("give --partition, --from and --to equally often, each partition once")
    _read_again(
        load_settings(), dict(zip(partition, first, strict=True)), dict(zip(partition, last, strict=True))
    )


@app.command()
def times(start: TakenFrom, end: TakenTo) -> None:
    """The same for all records that Kafka received in a time range."""
    settings = load_settings()
    first, last = (kafka.offsets_at(settings.kafka, settings.kafka.topic, moment) for moment in (start, end))
    _read_again(settings, first, last)


def _read_again(settings: Settings, first: Offsets, last: Offsets) -> None:
    _require_available(settings, first, last)
    records = sum(last[partition] - offset for partition, offset in first.items())
    spark = build_session(batch_settings(settings), "orderpulse-backfill")
    minutes = set()
    for start, end in _chunks(first, last, settings.stream.max_offsets_per_trigger):
        minutes.update(reprocess(spark, settings, start, end))
    spark.stop()
    _print_summary(records=records, minutes=len(minutes))


def _chunks(first: Offsets, last: Offsets, size: int) -> Iterator[tuple[Offsets, Offsets]]:
    """Ranges of at most `size` records, one partition after the other: the driver keeps one in memory."""
    for partition, offset in first.items():
        for start in range(offset, last[partition], size):
            yield {partition: start}, {partition: min(start + size, last[partition])}


def _require_available(settings: Settings, first: Offsets, last: Offsets) -> None:
    """Raise `BrokerError` if a range is not, or no longer, in the topic."""
    topic = settings.kafka.topic
    oldest, ends = kafka.first_offsets(settings.kafka, topic), kafka.end_offsets(settings.kafka, topic)
    for partition, offset in first.items():
        if partition not in ends:
            raise BrokerError(f"{topic} has no partition {partition}; it has {sorted(ends)}.")
        if not oldest[partition] <= offset <= last[partition] <= ends[partition]:
            raise BrokerError(
                f"Partition {partition} of {topic} has the offsets from {oldest[partition]} to {ends[partition]} "
                f"(exclusive); {offset} to {last[partition]} is not a range of them."
            )


def _reasons(names: list[str]) -> tuple[RejectReason, ...]:
    known = [reason.value for reason in RejectReason]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(
            f"{', '.join(unknown)}: no such reason. The reasons are {', '.join(known)} (docs/events.md)."
        )
    return tuple(RejectReason(name) for name in names)


def _print_summary(**done: object) -> None:
    """Print the summary in the form that the orchestration reads."""
    typer.echo(f"summary {json.dumps(done)}")


def main() -> None:
    """Entry point; our own errors are one sentence and exit code 1."""
    configure_logging(process="backfill")
    try:
        app(standalone_mode=True)
    except OrderpulseError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except psycopg.Error as error:
        typer.echo(
            f"The database failed: {str(error).strip()}. Completed work stays; "
            "run the same command again for the rest.",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
