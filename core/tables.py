"""Names and columns of the relations in the contract (section 3).

The migrations in `database/versions` create them; a test compares the two.
"""

from dataclasses import dataclass

from core.events import DIMENSIONS
from core.kpis import KPI_1M_MEASURES, KPI_1M_RATES, MEASURES

NOTIFY_CHANNEL = "orderpulse"
"""PostgreSQL channel on which each committed batch is announced."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table: its qualified name, its columns in order, its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


EVENTS_CLEAN = Relation(
    "events_clean",
    (
        "id",
        "event_time",
        "event_type",
        "order_id",
        "user_id",
        "amount",
        "currency",
        "status",
        "ingest_time",
        *(dimension.column for dimension in DIMENSIONS),
    ),
    ("id",),
)
KPI_1M = Relation(
    "kpi_1m",
    ("window_start", "window_end", *KPI_1M_MEASURES, *KPI_1M_RATES, "processed_at"),
    ("window_start",),
)
KPI_1M_BY_CURRENCY = Relation(
    "kpi_1m_by_currency",
    ("window_start", "currency", "window_end", *(measure.name for measure in MEASURES), "processed_at"),
    ("window_start", "currency"),
)
_DETAIL_KEY = ("window_start", "currency", *(dimension.column for dimension in DIMENSIONS))
KPI_1M_DETAIL = Relation(
    "kpi_1m_detail",
    (*_DETAIL_KEY, *(measure.name for measure in MEASURES), "processed_at"),
    _DETAIL_KEY,
)
EVENTS_REJECTED = Relation(
    "ops.events_rejected",
    (
        "topic",
        "partition",
        "offset",
        "kafka_time",
        "reason",
        "detail",
        "payload",
        "rejected_at",
        "replayed_at",
        "payload_bytes",
        "payload_sha256",
        "source",
        "unmapped_reason",
        "source_headers",
    ),
    ("topic", "partition", "offset"),
)
STREAM_BATCH = Relation(
    "ops.stream_batch",
    (
        "query_id",
        "batch_id",
        "query_name",
        "offsets_from",
        "offsets_to",
        "records_read",
        "records_written",
        "records_duplicate",
        "records_rejected",
        "records_dropped_by_watermark",
        "max_event_time",
        "durations_ms",
        "committed_at",
        "healed_at",
        "topic_id",
        "records_differing",
    ),
    ("query_id", "batch_id"),
)
RECORDS_LOST = Relation(
    "ops.records_lost",
    (
        "query_name",
        "topic",
        "topic_id",
        "partition",
        "offset_from",
        "offset_to",
        "reason",
        "taken_after",
        "noticed_at",
    ),
    ("query_name", "topic", "topic_id", "partition", "offset_from"),
)
SERVICE = Relation(
    "ops.service",
    (
        "name",
        "desired",
        "rate",
        "updated_at",
        "reason",
        "attached_run",
        "attached_at",
        "restarts_asked",
        "kills_asked",
    ),
    ("name",),
)
SERVICE_PROCESS = Relation(
    "ops.service_process",
    ("name", "host", "state", "pid", "started_at", "starts", "restarts_done", "seen_at", "failures"),
    ("name",),
)
ALERT = Relation(
    "ops.alert",
    (
        "id",
        "incident",
        "title",
        "text",
        "opened_at",
        "closed_at",
        "attempts",
        "next_attempt_at",
        "delivered_at",
        "last_error",
    ),
    ("id",),
)
RETENTION = Relation("ops.retention", ("relation", "deleted_before", "updated_at"), ("relation",))
HEARTBEAT = Relation("ops.heartbeat", ("name", "pid", "started_at", "beat_at", "progress"), ("name",))
