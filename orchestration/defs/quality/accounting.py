"""Invariant I1 on the ledger: every record that a batch read is accounted for, and no offset is skipped."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from control.words import count
from orchestration.defs.quality.verdict import Verdict, failed, passed

DESCRIPTION = (
    "Each batch of the last ORDERPULSE_CHECKS__RECONCILE_MINUTES: records read = written + duplicate + rejected + dropped "
    "by the watermark <= offsets passed (transaction markers and aborted records have offsets but are not "
    "read), and it starts where the previous batch ended (with a new checkpoint: there or earlier; records that "
    "Kafka deleted in between are in ops.records_lost). If it fails, records may be missing: run the job "
    "reprocess_from_kafka for the offsets it names; "
    "rows that are there stay as they are."
)
_PASSED = """(
    SELECT coalesce(sum(upper.value::bigint - coalesce((offsets_from ->> upper.key)::bigint, 0)), 0)
    FROM jsonb_each_text(offsets_to) AS upper
)"""
NAMED = 5
"""Batches that a description names."""

_READ = f"""
    WITH batches AS (
        SELECT batch_id, committed_at, offsets_from, offsets_to, records_read,
            records_written + records_duplicate + records_rejected + records_dropped_by_watermark AS accounted,
            lag(batch_id) OVER of_query AS previous_id,
            lag(offsets_to) OVER of_query AS previous_to
        FROM ops.stream_batch
        WHERE query_name = %(query_name)s AND committed_at > %(since)s
        WINDOW of_query AS (PARTITION BY query_id ORDER BY batch_id)
    ),
    followed AS (
        SELECT batches.*, former.offsets_to AS former_to FROM batches LEFT JOIN LATERAL (
            SELECT offsets_to FROM ops.stream_batch
            WHERE batches.previous_id IS NULL
                AND query_name = %(query_name)s AND committed_at < batches.committed_at
            ORDER BY committed_at DESC LIMIT 1
        ) AS former ON TRUE
    ),
    judged AS (
        SELECT *, records_read <> accounted AS unaccounted,
            records_read > {_PASSED} AS surplus,
            previous_id IS NOT NULL AND (batch_id <> previous_id + 1 OR NOT offsets_from @> previous_to) AS gap,
            EXISTS (
                SELECT FROM jsonb_each_text(offsets_from) AS lower
                WHERE lower.value::bigint > (former_to ->> lower.key)::bigint
                    AND NOT EXISTS (
                        SELECT FROM ops.records_lost AS lost
                        WHERE lost.query_name = %(query_name)s AND lost.partition = lower.key::integer
                            AND lost.offset_from <= (former_to ->> lower.key)::bigint
                            AND lost.offset_to >= lower.value::bigint
                    )
            ) AS skipped
        FROM followed
    )
    SELECT batch_id, offsets_from, offsets_to, records_read, accounted, previous_to, former_to, surplus, gap, skipped
    FROM judged WHERE unaccounted OR surplus OR gap OR skipped ORDER BY committed_at
"""  # noqa: S608  # an expression of this module
_COUNT = f"""
    SELECT count(*) AS batches, coalesce(sum(greatest({_PASSED} - records_read, 0)), 0)::bigint AS without_record
    FROM ops.stream_batch WHERE query_name = %(query_name)s AND committed_at > %(since)s
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class Ledger:
    """A query's ledger since some time: how many batches, and a sentence for each that is wrong.

    `without_record` counts offsets at which a reader gets nothing: transaction markers and aborted records. It does
    not count Kafka's deletions: those end the query.
    """

    batches: int
    faults: tuple[str, ...]
    without_record: int = 0


def read_ledger(connection: psycopg.Connection[Any], query: str, since: datetime) -> Ledger:
    """The batches of the query `query` that were committed after `since`."""
    limits = {"query_name": query, "since": since}
    with connection.cursor(row_factory=dict_row) as cursor:
        total = cursor.execute(_COUNT, limits).fetchone()
        faults = tuple(_words(row) for row in cursor.execute(_READ, limits))
    assert total is not None, "an aggregate has one row"
    return Ledger(total["batches"], faults, total["without_record"])


def evaluate(ledger: Ledger) -> Verdict:
    """Judge the ledger of one query."""
    metadata = {"batches": ledger.batches, "batches at fault": len(ledger.faults)}
    metadata["offsets without a record"] = ledger.without_record
    if not ledger.faults:
        return passed(f"{count(ledger.batches, 'batches')} accounted for in full.", metadata)
    rest = len(ledger.faults) - NAMED
    more = f" And {rest:,} more." if rest > 0 else ""
    return failed(
        f"{' '.join(ledger.faults[:NAMED])}{more} Records may be missing: run the job reprocess_from_kafka over these "
        "offsets while Kafka still has them, for 24 hours; rows that are there stay as they are.",
        metadata,
    )


def _words(row: dict[str, Any]) -> str:
    where = (
        f"Batch {row['batch_id']} (offsets {_offsets(row['offsets_from'])} to {_offsets(row['offsets_to'])})"
    )
    if row["gap"]:
        return f"{where} does not begin where the one before ended ({_offsets(row['previous_to'])})."
    if row["skipped"]:
        return f"{where} begins a ledger behind the end of the former one ({_offsets(row['former_to'])})."
    if row["surplus"]:
        return f"{where} read {count(row['records_read'])}, which is more than its offset range holds."
    return f"{where} read {count(row['records_read'])} and accounts for {row['accounted']:,}."


def _offsets(by_partition: dict[str, int]) -> str:
    return " ".join(f"{partition}:{offset}" for partition, offset in sorted(by_partition.items()))
