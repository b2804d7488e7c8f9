CREATE TABLE ops.retention (
    relation       TEXT PRIMARY KEY,
    deleted_before TIMESTAMPTZ NOT NULL,
    updated_at     TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.retention IS
'Up to which event time rows of a table were deleted by age: KPIs before it cannot be recomputed.';

GRANT SELECT ON ops.retention TO spark_writer, api_read;
GRANT SELECT, INSERT, UPDATE ON ops.retention TO dagster;
