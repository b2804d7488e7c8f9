"""Jobs of the batch layer: recompute KPIs, validate rejected records again, read Kafka again.

Each runs a command of `spark_jobs.backfill`, which an operator could also type, and shows its log.
"""

import json
from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from core.clock import to_iso8601
from orchestration.commands import run_module
from orchestration.resources import PostgresResource

MODULE = "spark_jobs.backfill"
SUMMARY = "summary "
"""Prefix of a command's line with its summary in JSON."""

SUMMARY_TAG = "orderpulse/summary"
"""Tag of a run with the same, which the API reads."""

LONG_AGO, FAR_AHEAD = "2000-01-01T00:00:00", "2100-01-01T00:00:00"

# The current hour is a partition too: its settled minutes may need a recomputation.
hours = dg.HourlyPartitionsDefinition(start_date="2026-01-01-00:00", timezone="UTC", end_offset=1)


class ReplayConfig(dg.Config):
    """Which rejected records to validate again, and how."""

    reasons: list[str] = Field(
        [], description="Reasons of their rejection (late, not_allowed, ...); docs/events.md lists them."
    )
    sources: list[str] = Field(
        [], description="Sources of intake whose messages did not map, whatever the reason."
    )
    from_time: str = Field(LONG_AGO, description="Earliest Kafka time, inclusive, UTC, ISO-8601.")
    to_time: str = Field(FAR_AHEAD, description="Latest Kafka time, exclusive, UTC, ISO-8601.")
    admit_late: bool = Field(default=False, description="Skip the rule `late`, but no other.")
    dry_run: bool = Field(default=False, description="Only count, change nothing.")


class OffsetRange(dg.Config):
    """Records of one partition of the topic."""

    partition: int = Field(description="Partition.")
    first: int = Field(description="First offset.")
    last: int = Field(description="Offset after the last one.")


class ReprocessConfig(dg.Config):
    """Which records to read again: ranges of offsets, or all that Kafka received between two times."""

    ranges: list[OffsetRange] = Field([], description="Ranges of offsets; empty if a time range is given.")
    from_time: str | None = Field(None, description="Earliest Kafka time, inclusive, UTC, ISO-8601.")
    to_time: str | None = Field(None, description="Latest Kafka time, exclusive, UTC, ISO-8601.")


@dg.op
def recompute_hour(context: dg.OpExecutionContext, postgres: PostgresResource) -> None:
    """Recompute the KPI tables of the partition's hour from `events_clean`."""
    window = context.partition_time_window
    _backfill(context, postgres, ["kpis", "--from", _minute(window.start), "--to", _minute(window.end)])


@dg.op
def judge_anew(context: dg.OpExecutionContext, postgres: PostgresResource, config: ReplayConfig) -> None:
    """Validate rejected records by the current rules; accepted ones go into `events_clean`."""
    if not config.reasons and not config.sources:
        raise dg.Failure("Give `reasons` or `sources`.", allow_retries=False)
    reasons = [part for reason in config.reasons for part in ("--reason", reason)]
    reasons += [part for source in config.sources for part in ("--source", source)]
    flags = [f"--{name.replace('_', '-')}" for name in ("admit_late", "dry_run") if getattr(config, name)]
    limits = ["--from", config.from_time, "--to", config.to_time]
    _backfill(context, postgres, ["rejected", *reasons, *limits, *flags])


@dg.op
def read_again(context: dg.OpExecutionContext, postgres: PostgresResource, config: ReprocessConfig) -> None:
    """Read records of the topic again, write missing rows, recompute their minutes."""
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

    Correct for every minute at the time of its transaction, which blocks the stream's writes. The stream
    continues to write a minute that is not settled (the newest event is less than six minutes ahead of it);
    once it has settled, the stream compares it again. An hour whose
    events were deleted by age is refused.
    """
    recompute_hour()


@dg.job(executor_def=dg.in_process_executor, tags={"batch_layer": "one at a time"})
def replay_rejected() -> None:
    """Validate rejected records again: after a change of the rules, or with `admit_late` to admit late ones.
    Messages that did not map go through their source again, so run it after a source was corrected.

    Accepted records become events, their rows in `ops.events_rejected` get `replayed_at`, and their
    minutes are recomputed, in one transaction for each 500 records. Safe to repeat. Start with
    `dry_run`, which only counts.
    """
    judge_anew()


@dg.job(executor_def=dg.in_process_executor, tags={"batch_layer": "one at a time"})
def reprocess_from_kafka() -> None:
    """Read a range of the topic again, as after a loss of rows. Safe to repeat: rows are written once."""
    read_again()


def _backfill(context: dg.OpExecutionContext, postgres: PostgresResource, arguments: list[str]) -> None:
    """Run a command of the batch layer, and attach its summary to the output and to the run."""
    lines = run_module(context.log, MODULE, arguments, postgres.settings.root)
    said = [line.removeprefix(SUMMARY) for line in lines if line.startswith(SUMMARY)]
    context.add_output_metadata(json.loads(said[-1]) if said else {})
    if said:
        context.instance.add_run_tags(context.run_id, {SUMMARY_TAG: said[-1]})


def _minute(moment: datetime) -> str:
    return to_iso8601(moment.astimezone(UTC)).removesuffix(".000000Z")
