"""Columns of the streaming assets: what Dagster shows of them, and where each comes from.

Names are `core.events` and `core.tables`; a test holds the types to the migrated database.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from core import events
from core.kpis import COUNTS, KPI_1M_MEASURES, MEASURES, RATES
from core.kpis import MONEY as MONEY_MEASURES
from core.tables import EVENTS_CLEAN, EVENTS_REJECTED, KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL, Relation

TIME, COUNT, MONEY = "timestamp with time zone", "integer", "numeric(28,2)"
Column = tuple[str, bool, str]
"""PostgreSQL's type, whether it may be null, what it means."""

_FIELDS = {field.column: field.description for field in events.FIELDS}
_WINDOW: dict[str, Column] = {
    "window_start": (TIME, False, "Start of the minute of event time."),
    "window_end": (TIME, False, "Its end, excluded."),
    "processed_at": (TIME, False, "When the row was last written."),
}
_CURRENCY: dict[str, Column] = {"currency": ("character varying(10)", False, _FIELDS["currency"])}
_DIMENSIONS: dict[str, Column] = {
    dimension.column: (
        f"character varying({events.MAX_DIMENSION_LENGTH})",
        False,
        f"{dimension.description} Empty if unknown.",
    )
    for dimension in events.DIMENSIONS
}


def _measures(relation: Relation) -> dict[str, Column]:
    return {
        measure.name: (
            MONEY if measure.unit == "money" else COUNT,
            False,
            measure.describe(by_currency=relation is not KPI_1M),
        )
        for measure in MEASURES
        if measure.name in relation.columns
    }


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    EVENTS_CLEAN.name: {
        "id": ("character varying(50)", False, _FIELDS["id"]),
        "event_time": (TIME, False, _FIELDS["event_time"]),
        "event_type": ("character varying(50)", False, _FIELDS["event_type"]),
        "order_id": ("character varying(50)", False, _FIELDS["order_id"]),
        "user_id": ("character varying(50)", False, _FIELDS["user_id"]),
        "amount": ("numeric(15,2)", False, _FIELDS["amount"]),
        "currency": ("character varying(10)", False, _FIELDS["currency"]),
        "status": ("character varying(20)", False, _FIELDS["status"]),
        "ingest_time": (TIME, False, "Start of the transaction that wrote the row."),
    }
    | _DIMENSIONS,
    EVENTS_REJECTED.name: {
        "topic": ("text", False, "Where the record was read: the topic,"),
        "partition": (COUNT, False, "the partition,"),
        "offset": ("bigint", False, "and the offset."),
        "kafka_time": (TIME, False, "When Kafka took the record."),
        "reason": ("text", False, "The first rule that it breaks."),
        "detail": ("text", True, "Which field, and how."),
        "payload": (
            "bytea",
            True,
            "The record's value as received, only the first 4,096 bytes of a longer one; null if it had none.",
        ),
        "rejected_at": (TIME, False, "When it was refused."),
        "replayed_at": (TIME, True, "When it was admitted after all."),
        "payload_bytes": (COUNT, True, "Length of the whole value if only its beginning is kept."),
        "payload_sha256": ("text", True, "Its SHA-256, likewise."),
        "source": ("text", True, "The source or sender that intake received it from."),
        "unmapped_reason": ("text", True, "Why its source made no event of it, when it was last mapped."),
        "source_headers": (
            "text",
            True,
            "Headers that the source's mapping reads, as JSON; null unless the payload is a message that did not map.",
        ),
    },
    KPI_1M_DETAIL.name: {name: told for name, told in _WINDOW.items() if name in KPI_1M_DETAIL.columns}
    | _CURRENCY
    | _DIMENSIONS
    | _measures(KPI_1M_DETAIL),
    KPI_1M_BY_CURRENCY.name: _WINDOW | _CURRENCY | _measures(KPI_1M_BY_CURRENCY),
    KPI_1M.name: _WINDOW
    | _measures(KPI_1M)
    | {rate.name: ("numeric(5,2)", True, rate.describe()) for rate in RATES if rate.in_kpi_1m},
}

_ALL_FIELDS = (*events.FIELDS, *events.DIMENSIONS)
LINEAGE: Mapping[str, tuple[str, Mapping[str, Sequence[str]]]] = {
    EVENTS_CLEAN.name: ("events_raw", {field.column: [field.name] for field in _ALL_FIELDS}),
    EVENTS_REJECTED.name: ("events_raw", {"payload": [field.name for field in _ALL_FIELDS]}),
    KPI_1M_DETAIL.name: (
        "events_raw",
        {"window_start": ["eventTime"], "currency": ["currency"]}
        | {dimension.column: [dimension.name] for dimension in events.DIMENSIONS}
        | {column: ["amount", "eventType"] for column in MONEY_MEASURES}
        | {column: ["eventType"] for column in COUNTS},
    ),
    KPI_1M_BY_CURRENCY.name: (
        "kpi_1m_detail",
        {"window_end": ["window_start"]}
        | {column: [column] for column in ("window_start", "currency", *MONEY_MEASURES, *COUNTS)},
    ),
    KPI_1M.name: (
        "kpi_1m_by_currency",
        {column: [column] for column in ("window_start", "window_end", *KPI_1M_MEASURES)}
        | {rate.name: sorted({rate.part, *rate.whole}) for rate in RATES if rate.in_kpi_1m},
    ),
}
"""By relation: the asset upstream, and by column the columns there that it is made of."""

_JSON_TYPES = {"identifier": "string", "event_time": "string", "enumeration": "string", "amount": "number"}


def raw_schema() -> dg.TableSchema:
    """The fields of an event in the topic."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                field.name,
                _JSON_TYPES[field.kind],
                field.description,
                dg.TableColumnConstraints(
                    nullable=False, other=[f"one of {', '.join(field.allowed)}"] if field.allowed else []
                ),
            )
            for field in events.FIELDS
        ]
        + [
            dg.TableColumn(dimension.name, "string", f"{dimension.description} Optional.")
            for dimension in events.DIMENSIONS
        ]
    )


def column_schema(relation: Relation) -> dg.TableSchema:
    """The columns of a table, in its own order."""
    described = COLUMNS[relation.name]
    columns = []
    for name in relation.columns:
        kind, nullable, meaning = described[name]
        constraints = dg.TableColumnConstraints(nullable=nullable, unique=relation.key == (name,))
        columns.append(dg.TableColumn(name, kind, meaning, constraints))
    return dg.TableSchema(columns)


def column_lineage(relation: Relation) -> dg.TableColumnLineage:
    """By column of a table, the columns upstream that it is made of."""
    upstream, made_of = LINEAGE[relation.name]
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=dg.AssetKey(upstream), column_name=source) for source in sources
            ]
            for column, sources in made_of.items()
        }
    )
