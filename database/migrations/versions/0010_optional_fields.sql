-- A constant default is kept in the catalogue, so no row of a large table is rewritten.

ALTER TABLE events_clean
ADD COLUMN payment_method VARCHAR(30) NOT NULL DEFAULT '',
ADD COLUMN channel VARCHAR(30) NOT NULL DEFAULT '',
ADD COLUMN country VARCHAR(30) NOT NULL DEFAULT '',
ADD COLUMN failure_reason VARCHAR(30) NOT NULL DEFAULT '';
COMMENT ON COLUMN events_clean.payment_method IS 'How it is paid; empty where unknown.';
COMMENT ON COLUMN events_clean.channel IS 'Where the order was placed; empty where unknown.';
COMMENT ON COLUMN events_clean.country IS 'Country of the customer, ISO 3166-1 alpha-2; empty where unknown.';
COMMENT ON COLUMN events_clean.failure_reason IS
'Of payment_failed: the gateway''s reason; empty where unknown.';

CREATE TABLE kpi_1m_detail (
    window_start       TIMESTAMPTZ NOT NULL,
    currency           VARCHAR(10) NOT NULL,
    payment_method     VARCHAR(30) NOT NULL DEFAULT '',
    channel            VARCHAR(30) NOT NULL DEFAULT '',
    country            VARCHAR(30) NOT NULL DEFAULT '',
    failure_reason     VARCHAR(30) NOT NULL DEFAULT '',
    revenue            NUMERIC(28, 2) NOT NULL DEFAULT 0,
    orders_created     INTEGER NOT NULL DEFAULT 0,
    payments_initiated INTEGER NOT NULL DEFAULT 0,
    payment_success    INTEGER NOT NULL DEFAULT 0,
    payment_failed     INTEGER NOT NULL DEFAULT 0,
    orders_cancelled   INTEGER NOT NULL DEFAULT 0,
    order_value        NUMERIC(28, 2) NOT NULL DEFAULT 0,
    payments_refunded  INTEGER NOT NULL DEFAULT 0,
    refunded           NUMERIC(28, 2) NOT NULL DEFAULT 0,
    processed_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (window_start, currency, payment_method, channel, country, failure_reason)
);
COMMENT ON TABLE kpi_1m_detail IS
'One row per minute of event time, currency and optional fields; the other KPI tables are its sums.';

-- Of the events before, every optional field is unknown.

INSERT INTO kpi_1m_detail (
    window_start, currency, revenue, orders_created, payments_initiated, payment_success, payment_failed,
    orders_cancelled, order_value, payments_refunded, refunded, processed_at
)
SELECT
    window_start,
    currency,
    revenue,
    orders_created,
    payments_initiated,
    payment_success,
    payment_failed,
    orders_cancelled,
    order_value,
    payments_refunded,
    refunded,
    processed_at
FROM kpi_1m_by_currency;

GRANT SELECT, INSERT, UPDATE, DELETE ON kpi_1m_detail TO spark_writer, dagster;
GRANT SELECT ON kpi_1m_detail TO dbt, api_read;
