ALTER TABLE ops.service
ADD COLUMN restarts_asked BIGINT NOT NULL DEFAULT 0,
ADD COLUMN kills_asked BIGINT NOT NULL DEFAULT 0;
COMMENT ON COLUMN ops.service.restarts_asked IS
'How often a restart was asked for, of a service in a container of its own.';
COMMENT ON COLUMN ops.service.kills_asked IS
'How often the end of a hung process was asked for, likewise.';

CREATE TABLE ops.service_process (
    name          TEXT PRIMARY KEY REFERENCES ops.service (name),
    host          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (
        state IN ('starting', 'running', 'stopping', 'backoff', 'stopped', 'fatal')
    ),
    pid           INTEGER,
    started_at    TIMESTAMPTZ,
    starts        DOUBLE PRECISION [] NOT NULL,
    restarts_done BIGINT NOT NULL,
    seen_at       TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE ops.service_process IS
'What the runner of a service in a container of its own last said of the process.';
COMMENT ON COLUMN ops.service_process.starts IS
'Unix times of its starts since somebody asked for one; all but the first are restarts nobody asked for.';
COMMENT ON COLUMN ops.service_process.restarts_done IS
'The last number of ops.service.restarts_asked that was obeyed.';

GRANT SELECT ON ops.service_process TO api_read, dagster;
GRANT SELECT, INSERT, UPDATE ON ops.service_process TO spark_writer, generator;
