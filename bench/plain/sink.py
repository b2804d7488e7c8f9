"""The plain consumer's write: COPY into temporary tables, then upserts, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

from bench.plain.rules import Row
from core.tables import NOTIFY_CHANNEL

Rejected = tuple[str, int, int, datetime, bytes | None]
"""Topic, partition, offset, Kafka time and value."""

CREATE_INCOMING = """
    CREATE TEMPORARY TABLE incoming (
        id text, event_time timestamptz, event_type text, order_id text, user_id text,
        amount numeric(15, 2), currency text, status text, payment_method text, channel text, country text,
        failure_reason text
    ) ON COMMIT DELETE ROWS
"""
CREATE_REFUSED = """
    CREATE TEMPORARY TABLE refused (
        topic text, partition integer, "offset" bigint, kafka_time timestamptz, payload bytea
    ) ON COMMIT DELETE ROWS
"""
COPY_INCOMING = "COPY incoming FROM STDIN"
COPY_REFUSED = "COPY refused FROM STDIN"

UPSERT = """
    WITH added AS (
        INSERT INTO events_clean (
            id, event_time, event_type, order_id, user_id, amount, currency, status,
            payment_method, channel, country, failure_reason
        )
        SELECT * FROM incoming
        ON CONFLICT (id) DO NOTHING
        RETURNING event_time, event_type, amount, currency, payment_method, channel, country, failure_reason
    )
    INSERT INTO kpi_1m_detail AS kpi (
        window_start, currency, payment_method, channel, country, failure_reason, revenue, orders_created,
        payments_initiated, payment_success, payment_failed, orders_cancelled, order_value, payments_refunded, refunded
    )
    SELECT
        date_trunc('minute', event_time), currency, payment_method, channel, country, failure_reason,
        coalesce(sum(amount) FILTER (WHERE event_type = 'payment_success'), 0),
        count(*) FILTER (WHERE event_type = 'order_created'),
        count(*) FILTER (WHERE event_type = 'payment_initiated'),
        count(*) FILTER (WHERE event_type = 'payment_success'),
        count(*) FILTER (WHERE event_type = 'payment_failed'),
        count(*) FILTER (WHERE event_type = 'order_cancelled'),
        coalesce(sum(amount) FILTER (WHERE event_type = 'order_created'), 0),
        count(*) FILTER (WHERE event_type = 'payment_refunded'),
        coalesce(sum(amount) FILTER (WHERE event_type = 'payment_refunded'), 0)
    FROM added
    GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (window_start, currency, payment_method, channel, country, failure_reason) DO UPDATE SET
        revenue = kpi.revenue + excluded.revenue,
        orders_created = kpi.orders_created + excluded.orders_created,
        payments_initiated = kpi.payments_initiated + excluded.payments_initiated,
        payment_success = kpi.payment_success + excluded.payment_success,
        payment_failed = kpi.payment_failed + excluded.payment_failed,
        orders_cancelled = kpi.orders_cancelled + excluded.orders_cancelled,
        order_value = kpi.order_value + excluded.order_value,
        payments_refunded = kpi.payments_refunded + excluded.payments_refunded,
        refunded = kpi.refunded + excluded.refunded,
        processed_at = now()
    RETURNING window_start
"""
BY_CURRENCY = """
    INSERT INTO kpi_1m_by_currency (
        window_start, currency, window_end, revenue, orders_created, payments_initiated, payment_success,
        payment_failed, orders_cancelled, order_value, payments_refunded, refunded
    )
    SELECT
        window_start, currency, window_start + interval '1 minute', sum(revenue), sum(orders_created),
        sum(payments_initiated), sum(payment_success), sum(payment_failed), sum(orders_cancelled), sum(order_value),
        sum(payments_refunded), sum(refunded)
    FROM kpi_1m_detail
    WHERE window_start = ANY (%s)
    GROUP BY window_start, currency
    ON CONFLICT (window_start, currency) DO UPDATE SET
        revenue = excluded.revenue, orders_created = excluded.orders_created,
        payments_initiated = excluded.payments_initiated, payment_success = excluded.payment_success,
        payment_failed = excluded.payment_failed, orders_cancelled = excluded.orders_cancelled,
        order_value = excluded.order_value, payments_refunded = excluded.payments_refunded,
        refunded = excluded.refunded, processed_at = now()
"""
TOTALS = """
    INSERT INTO kpi_1m (
        window_start, window_end, revenue, orders_created, payment_success, payment_failed, success_rate
    )
    SELECT
        window_start, min(window_end), sum(revenue), sum(orders_created), sum(payment_success),
        sum(payment_failed),
        round(100.0 * sum(payment_success) / nullif(sum(payment_success) + sum(payment_failed), 0), 2)
    FROM kpi_1m_by_currency
    WHERE window_start = ANY (%s)
    GROUP BY window_start
    ON CONFLICT (window_start) DO UPDATE SET
        revenue = excluded.revenue, orders_created = excluded.orders_created,
        payment_success = excluded.payment_success, payment_failed = excluded.payment_failed,
        success_rate = excluded.success_rate, processed_at = now()
"""
REFUSE = """
    INSERT INTO ops.events_rejected (topic, partition, "offset", kafka_time, reason, payload)
    SELECT topic, partition, "offset", kafka_time, 'invalid', payload FROM refused
    ON CONFLICT DO NOTHING
"""
NOTIFY = 'SELECT pg_notify(%s, \'{"query": "kpi_1m"}\')'


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Create the temporary tables of this connection."""
    connection.execute(CREATE_INCOMING)
    connection.execute(CREATE_REFUSED)
    connection.commit()


def write(connection: psycopg.Connection[Any], rows: Sequence[Row], refused: Sequence[Rejected]) -> None:
    """Write one batch and commit."""
    with connection.cursor() as cursor:
        with cursor.copy(COPY_INCOMING) as copy:
            copy.write("".join(map(_line, rows)))
        touched = {window for (window,) in cursor.execute(UPSERT)}
        for derived in (BY_CURRENCY, TOTALS):
            cursor.execute(derived, (list(touched),))
        if refused:
            with cursor.copy(COPY_REFUSED) as copy:
                for record in refused:
                    copy.write_row(record)
            cursor.execute(REFUSE)
        cursor.execute(NOTIFY, (NOTIFY_CHANNEL,))
    connection.commit()


def _line(row: Row) -> str:
    line = "\t".join(map(str, row)) + "\n"
    if "\\" in line or "\r" in line or line.count("\t") != len(row) - 1 or line.count("\n") != 1:
        line = "\t".join(_escape(str(value)) for value in row) + "\n"
    return line


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
