ALTER TABLE ops.service
ADD COLUMN reason TEXT,
ADD COLUMN attached_run TEXT,
ADD COLUMN attached_at TIMESTAMPTZ;
COMMENT ON COLUMN ops.service.reason IS
'Why it is wanted so: who asked for it, or why it was given up. NULL: nobody asked for a change yet.';
COMMENT ON COLUMN ops.service.attached_run IS 'Id of the Dagster run that watches the process.';
COMMENT ON COLUMN ops.service.attached_at IS 'When that run last said that it watches.';

CREATE TABLE ops.alert (
    id              BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident        TEXT NOT NULL,
    title           TEXT NOT NULL,
    text            TEXT NOT NULL,
    opened_at       TIMESTAMPTZ NOT NULL DEFAULT now(),
    closed_at       TIMESTAMPTZ,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    delivered_at    TIMESTAMPTZ,
    last_error      TEXT
);
CREATE UNIQUE INDEX alert_open ON ops.alert (incident) WHERE closed_at IS NULL;
CREATE INDEX alert_opened_at ON ops.alert (opened_at DESC);
COMMENT ON TABLE ops.alert IS
'One row per incident: what went wrong, from when until when, and whether it was told.';
COMMENT ON COLUMN ops.alert.incident IS 'What is wrong: check:<asset>/<check> or service:<name>.';
COMMENT ON COLUMN ops.alert.attempts IS 'Deliveries to the webhook that were tried.';

GRANT SELECT ON ops.alert TO api_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.alert TO dagster;
