DO $$
BEGIN
    IF to_regrole('generator') IS NULL THEN
        CREATE ROLE generator NOLOGIN;
    END IF;
EXCEPTION
    -- Roles belong to the whole server: another database may have made it, even this instant.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

-- The generator reads the rate that is wanted and says how it is. ----------------------------

GRANT USAGE ON SCHEMA ops TO generator;
GRANT SELECT ON ops.service TO generator;
GRANT SELECT, INSERT, UPDATE ON ops.heartbeat TO generator;

-- The stream never changes an event or a rejected record; of a ledger row it sets one column. -
-- It recomputes KPIs, which also removes those that no event gives.

REVOKE UPDATE ON events_clean, ops.events_rejected, ops.stream_batch FROM spark_writer;
GRANT UPDATE (healed_at) ON ops.stream_batch TO spark_writer;
GRANT DELETE ON kpi_1m, kpi_1m_by_currency TO spark_writer;

-- Dagster's jobs add, recompute and delete by age; they never change an event, nor write the ledger.

REVOKE UPDATE ON events_clean FROM dagster;
REVOKE INSERT, UPDATE ON ops.stream_batch FROM dagster;
REVOKE INSERT ON ops.service FROM dagster;

-- The revision is nobody's but the owner's.

REVOKE ALL ON alembic_version FROM api_read, dagster;

-- Who may enter, and who may make temporary tables. ------------------------------------------

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO spark_writer, dbt, api_read, dagster, generator', current_database()
    );
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO spark_writer, dagster', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM public;
