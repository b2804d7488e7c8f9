"""The streaming assets: what the generator, Kafka and Spark make without a run of Dagster.

None has a freshness policy: a stream that is stopped on purpose is not broken, and the checks say which it is.
"""

import dagster as dg

from core.tables import EVENTS_CLEAN, EVENTS_REJECTED, KPI_1M, KPI_1M_BY_CURRENCY, KPI_1M_DETAIL, Relation
from orchestration.defs.streaming.columns import column_lineage, column_schema, raw_schema

OWNERS = ["team:data-platform"]
DATABASE = "realtime"


def table_asset(relation: Relation, group: str, upstream: str, description: str) -> dg.AssetSpec:
    """The asset of a table that Spark writes."""
    name = relation.name.rpartition(".")[2]
    qualified = relation.name if "." in relation.name else f"public.{name}"
    return dg.AssetSpec(
        name,
        deps=[upstream],
        description=description,
        group_name=group,
        owners=OWNERS,
        kinds={"spark", "postgres"},
        metadata={
            "dagster/column_schema": column_schema(relation),
            "dagster/column_lineage": column_lineage(relation),
            "dagster/relation_identifier": f"{DATABASE}.{qualified}",
            "primary key": ", ".join(relation.key),
        },
    )


events_raw = dg.AssetSpec(
    "events_raw",
    description=(
        "Kafka topic: one JSON object per step of an order's journey, as the producers sent it, valid or not; 24 h are kept."
    ),
    group_name="events",
    owners=OWNERS,
    kinds={"kafka"},
    metadata={
        "dagster/column_schema": raw_schema(),
        "dagster/relation_identifier": "events_raw",
        "record key": "orderId",
    },
)
events_clean = table_asset(
    EVENTS_CLEAN,
    "events",
    "events_raw",
    "One row per accepted event, by its id: parsed, judged by the rules of the contract, duplicates dropped.",
)
events_rejected = table_asset(
    EVENTS_REJECTED,
    "events",
    "events_raw",
    "One row per record that broke a rule, with its reason and its raw bytes. Nothing is lost: the job "
    "replay_rejected judges rows again or admits late ones.",
)
kpi_1m_detail = table_asset(
    KPI_1M_DETAIL,
    "kpis",
    "events_raw",
    "One row per minute of event time, currency, payment method, channel, country and failure reason. The other KPI "
    "tables are its sums.",
)
kpi_1m_by_currency = table_asset(
    KPI_1M_BY_CURRENCY,
    "kpis",
    "kpi_1m_detail",
    "One row per minute of event time and currency: revenue, orders, payments. Money is read here.",
)
kpi_1m = table_asset(
    KPI_1M,
    "kpis",
    "kpi_1m_by_currency",
    "One row per minute of event time over all currencies: counts and the success rate. Its revenue adds "
    "currencies, so it is a checksum and not money.",
)
