-- Business data ---------------------------------------------------------------------------

CREATE TABLE events_clean (
    id          VARCHAR(50) PRIMARY KEY,
    event_time  TIMESTAMPTZ NOT NULL,
    event_type  VARCHAR(50) NOT NULL,
    order_id    VARCHAR(50) NOT NULL,
    user_id     VARCHAR(50) NOT NULL,
    amount      DECIMAL(15, 2) NOT NULL,
    currency    VARCHAR(10) NOT NULL,
    status      VARCHAR(20) NOT NULL,
    ingest_time TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX events_clean_event_time ON events_clean (event_time DESC);
CREATE INDEX events_clean_event_type ON events_clean (event_type);
CREATE INDEX events_clean_order_id ON events_clean (order_id);
COMMENT ON TABLE events_clean IS 'One row per accepted event, by its id.';
COMMENT ON COLUMN events_clean.ingest_time IS 'Start of the transaction that wrote the row.';

CREATE TABLE kpi_1m (
    window_start    TIMESTAMPTZ PRIMARY KEY,
    window_end      TIMESTAMPTZ NOT NULL,
    revenue         DECIMAL(18, 2) NOT NULL DEFAULT 0,
    orders_created  INTEGER NOT NULL DEFAULT 0,
    payment_success INTEGER NOT NULL DEFAULT 0,
    payment_failed  INTEGER NOT NULL DEFAULT 0,
    success_rate    DECIMAL(5, 2),
    processed_at    TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX kpi_1m_window_start ON kpi_1m (window_start DESC);
COMMENT ON TABLE kpi_1m IS 'One row per minute of event time, over all currencies.';
COMMENT ON COLUMN kpi_1m.revenue IS
'Literal sum of amount over all currencies: a checksum, not money. Money is in kpi_1m_by_currency.';

CREATE TABLE kpi_1m_by_currency (
    window_start       TIMESTAMPTZ NOT NULL,
    currency           VARCHAR(10) NOT NULL,
    window_end         TIMESTAMPTZ NOT NULL,
    revenue            DECIMAL(18, 2) NOT NULL DEFAULT 0,
    orders_created     INTEGER NOT NULL DEFAULT 0,
    payments_initiated INTEGER NOT NULL DEFAULT 0,
    payment_success    INTEGER NOT NULL DEFAULT 0,
    payment_failed     INTEGER NOT NULL DEFAULT 0,
    orders_cancelled   INTEGER NOT NULL DEFAULT 0,
    order_value        DECIMAL(18, 2) NOT NULL DEFAULT 0,
    processed_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (window_start, currency)
);
COMMENT ON TABLE kpi_1m_by_currency IS 'One row per minute of event time and currency.';

-- Operations ------------------------------------------------------------------------------

CREATE SCHEMA ops;

CREATE TABLE ops.events_rejected (
    topic       TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    "offset"    BIGINT NOT NULL,
    kafka_time  TIMESTAMPTZ NOT NULL,
    reason      TEXT NOT NULL,
    detail      TEXT,
    payload     BYTEA,
    rejected_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    replayed_at TIMESTAMPTZ,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE INDEX events_rejected_rejected_at ON ops.events_rejected (rejected_at DESC);
CREATE INDEX events_rejected_reason ON ops.events_rejected (reason, kafka_time);
COMMENT ON TABLE ops.events_rejected IS 'One row per record that broke a rule, with its raw bytes.';
COMMENT ON COLUMN ops.events_rejected.payload IS 'The record''s value as received; NULL where it had none.';

CREATE TABLE ops.stream_batch (
    query_id                     UUID NOT NULL,
    batch_id                     BIGINT NOT NULL,
    query_name                   TEXT NOT NULL,
    offsets_from                 JSONB NOT NULL,
    offsets_to                   JSONB NOT NULL,
    records_read                 BIGINT NOT NULL,
    records_written              BIGINT NOT NULL,
    records_duplicate            BIGINT NOT NULL,
    records_rejected             BIGINT NOT NULL,
    records_dropped_by_watermark BIGINT NOT NULL,
    max_event_time               TIMESTAMPTZ,
    durations_ms                 JSONB NOT NULL,
    committed_at                 TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    healed_at                    TIMESTAMPTZ,
    PRIMARY KEY (query_id, batch_id)
);
CREATE INDEX stream_batch_committed_at ON ops.stream_batch (committed_at DESC);
CREATE INDEX stream_batch_newest ON ops.stream_batch (query_name, max_event_time DESC);
CREATE INDEX stream_batch_to_heal ON ops.stream_batch (committed_at)
WHERE records_dropped_by_watermark > 0 AND healed_at IS NULL;
COMMENT ON TABLE ops.stream_batch IS
'The ledger: one row per micro-batch, written in the transaction of its data.';
COMMENT ON COLUMN ops.stream_batch.offsets_from IS 'First offset by partition, {"0": 120, ...}.';
COMMENT ON COLUMN ops.stream_batch.offsets_to IS 'Offset after the last one by partition.';
COMMENT ON COLUMN ops.stream_batch.healed_at IS
'When the batch layer re-read what the watermark had dropped.';

CREATE TABLE ops.service (
    name       TEXT PRIMARY KEY,
    desired    TEXT NOT NULL DEFAULT 'running' CHECK (desired IN ('running', 'stopped')),
    rate       DOUBLE PRECISION CHECK (rate > 0),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
INSERT INTO ops.service (name) VALUES ('generator'), ('spark_stream');
COMMENT ON TABLE ops.service IS 'Desired state of the processes that people start and stop.';
COMMENT ON COLUMN ops.service.rate IS 'Events per second of the generator; NULL: its own setting.';

CREATE TABLE ops.heartbeat (
    name       TEXT PRIMARY KEY,
    pid        INTEGER NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    beat_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    progress   JSONB NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE ops.heartbeat IS 'What each process last said of itself.';

-- Roles: groups of rights without a login; a deployment grants them to its users. ------------

DO $$
DECLARE
    role_name TEXT;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['spark_writer', 'dbt', 'api_read', 'dagster'] LOOP
        -- Where the owner may not make roles, an administrator has made them before.
        CONTINUE WHEN to_regrole(role_name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION
            -- Roles belong to the whole server: another database may have made it, even this instant.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM public;
GRANT USAGE ON SCHEMA public, ops TO spark_writer, dbt, api_read, dagster;
GRANT SELECT, INSERT, UPDATE ON events_clean, kpi_1m, kpi_1m_by_currency TO spark_writer;
GRANT SELECT, INSERT, UPDATE ON ops.events_rejected, ops.stream_batch, ops.heartbeat TO spark_writer;
GRANT SELECT ON ops.service TO spark_writer;
GRANT CREATE ON SCHEMA public TO dbt;
GRANT SELECT ON kpi_1m, kpi_1m_by_currency, events_clean TO dbt;
GRANT SELECT ON ALL TABLES IN SCHEMA public, ops TO api_read, dagster;
GRANT INSERT, UPDATE ON ops.service TO dagster;
GRANT INSERT, UPDATE, DELETE ON events_clean, kpi_1m, kpi_1m_by_currency TO dagster;
GRANT INSERT, UPDATE, DELETE ON ops.events_rejected, ops.stream_batch TO dagster;
