"""Jobs over what was processed before: recompute KPIs, judge rejected records anew, read Kafka again.

Each is a command of `spark_jobs.backfill` that an operator could type; the run shows its log.
"""

import json
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from core.clock import to_iso8601
from orchestration.commands import run_module
from orchestration.resources import PostgresResource

__all__ = ["backfill_kpis", "hours", "replay_rejected", "reprocess_from_kafka"]

MODULE = "spark_jobs.backfill"
SUMMARY = "summary "
"""How a command's line begins that says in JSON what it did."""

LONG_AGO, FAR_AHEAD = "2000-01-01T00:00:00", "2100-01-01T00:00:00"

# The hour under way is a partition too: its settled minutes may need to be recomputed.
hours = dg.HourlyPartitionsDefinition(start_date="2026-01-01-00:00", timezone="UTC", end_offset=1)


class ReplayConfig(dg.Config):
    """Which rejected records are judged anew, and how."""

    reasons: list[str] = Field(
        description="Reasons they were rejected for (late, not_allowed, ...); docs/events.md lists them."
    )
    from_time: str = Field(LONG_AGO, description="Kafka took them at this time or later, UTC, ISO-8601.")
    to_time: str = Field(FAR_AHEAD, description="Kafka took them before this time, UTC, ISO-8601.")
    admit_late: bool = Field(default=False, description="Leave out the rule `late`, and no other.")
    dry_run: bool = Field(default=False, description="Count what would happen and change nothing.")


class OffsetRange(dg.Config):
    """Records of one partition of the topic."""

    partition: int = Field(description="Partition.")
    first: int = Field(description="First offset.")
    last: int = Field(description="Offset after the last one.")


class ReprocessConfig(dg.Config):
    """Which records are read again: ranges of offsets, or all that Kafka took between two times."""

    ranges: list[OffsetRange] = Field([], description="Ranges of offsets; empty where a time range is given.")
    from_time: str | None = Field(None, description="Kafka took them at this time or later, UTC, ISO-8601.")
    to_time: str | None = Field(None, description="Kafka took them before this time, UTC, ISO-8601.")


@dg.op
def recompute_hour(context: dg.OpExecutionContext, postgres: PostgresResource) -> None:
    """Recompute `kpi_1m` and `kpi_1m_by_currency` of the partition's hour from `events_clean`."""
    window = context.partition_time_window
    _backfill(context, postgres, ["kpis", "--from", _minute(window.start), "--to", _minute(window.end)])


@dg.op
def judge_anew(context: dg.OpExecutionContext, postgres: PostgresResource, config: ReplayConfig) -> None:
    """Judge rejected records by the present rules; what they accept goes into `events_clean`."""
    reasons = [part for reason in config.reasons for part in ("--reason", reason)]
    flags = [f"--{name.replace('_', '-')}" for name in ("admit_late", "dry_run") if getattr(config, name)]
    limits = ["--from", config.from_time, "--to", config.to_time]
    _backfill(context, postgres, ["rejected", *reasons, *limits, *flags])


@dg.op
def read_again(context: dg.OpExecutionContext, postgres: PostgresResource, config: ReprocessConfig) -> None:
    """Read records of the topic again, write the rows that are missing, recompute their minutes."""
    has_times = config.from_time is not None and config.to_time is not None
    if bool(config.ranges) == has_times or (config.from_time is None) != (config.to_time is None):
        raise dg.Failure(
            "Give either `ranges` of offsets or both `from_time` and `to_time`.", allow_retries=False
        )
    if has_times:
        arguments = ["times", "--from", str(config.from_time), "--to", str(config.to_time)]
    else:
        arguments = ["offsets"]
        for each in config.ranges:
            arguments += [
                "--partition",
                str(each.partition),
                "--from",
                str(each.first),
                "--to",
                str(each.last),
            ]
    _backfill(context, postgres, arguments)


@dg.job(partitions_def=hours, executor_def=dg.in_process_executor, tags={"batch_layer": "one at a time"})
def backfill_kpis() -> None:
    """Recompute the KPIs of an hour from `events_clean`; for several hours launch a backfill.

    Right for every minute at the moment of its transaction, which keeps the stream's writes out. A
    minute that is not settled yet (the newest event is less than six minutes ahead of it) goes on to be
    written by the stream; once it has settled, the stream itself compares it once more. An hour whose
    events were deleted by age is refused.
    """
    recompute_hour()


@dg.job(executor_def=dg.in_process_executor, tags={"batch_layer": "one at a time"})
def replay_rejected() -> None:
    """Judge rejected records anew: after a change of the rules, or with `admit_late` to admit late ones.

    Accepted records become events, their rows in `ops.events_rejected` get `replayed_at`, and their
    minutes are recomputed, in one transaction for each 500 records. Harmless to repeat. Start with
    `dry_run`, which only counts.
    """
    judge_anew()


@dg.job(executor_def=dg.in_process_executor, tags={"batch_layer": "one at a time"})
def reprocess_from_kafka() -> None:
    """Read a range of the topic again, as after a loss of rows; harmless to repeat, as rows are written once."""
    read_again()


def _backfill(context: dg.OpExecutionContext, postgres: PostgresResource, arguments: list[str]) -> None:
    """Run a command of the batch layer, and show its summary on the run."""
    lines = run_module(context.log, MODULE, arguments, postgres.settings.root)
    said = [line.removeprefix(SUMMARY) for line in lines if line.startswith(SUMMARY)]
    context.add_output_metadata(json.loads(said[-1]) if said else {})


def _minute(moment: datetime) -> str:
    return to_iso8601(moment.astimezone(UTC)).removesuffix(".000000Z")
