-- What Kafka deleted before it was read. ------------------------------------------------------

CREATE TABLE ops.records_lost (
    query_name  TEXT NOT NULL,
    topic       TEXT NOT NULL,
    topic_id    TEXT NOT NULL,
    partition   INTEGER NOT NULL,
    offset_from BIGINT NOT NULL,
    offset_to   BIGINT,
    reason      TEXT NOT NULL CHECK (reason IN ('deleted', 'topic_replaced')),
    taken_after TIMESTAMPTZ NOT NULL,
    noticed_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (query_name, topic, topic_id, partition, offset_from)
);
COMMENT ON TABLE ops.records_lost IS
'One row per range of offsets that Kafka no longer had when a query wanted to read it.';
COMMENT ON COLUMN ops.records_lost.topic_id IS
'Kafka''s id of the topic that held the records; empty if not known.';
COMMENT ON COLUMN ops.records_lost.offset_to IS 'Offset after the last one; NULL if not known.';
COMMENT ON COLUMN ops.records_lost.reason IS
'deleted: by retention or by a person. topic_replaced: the topic was deleted and created again.';
COMMENT ON COLUMN ops.records_lost.taken_after IS 'Kafka took the records after this event time.';

ALTER TABLE ops.stream_batch
ADD COLUMN topic_id TEXT,
ADD COLUMN records_differing BIGINT NOT NULL DEFAULT 0;
COMMENT ON COLUMN ops.stream_batch.topic_id IS
'Kafka''s id of the topic that was read: offsets mean something in that one only.';
COMMENT ON COLUMN ops.stream_batch.records_differing IS
'Duplicates whose content is not that of the event that was kept.';

GRANT SELECT ON ops.records_lost TO api_read, dagster;
GRANT SELECT, INSERT, UPDATE ON ops.records_lost TO spark_writer;

-- No service is given up any more. ------------------------------------------------------------

ALTER TABLE ops.service_process ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
COMMENT ON COLUMN ops.service_process.failures IS
'How often the process ended in a row without progress.';
COMMENT ON COLUMN ops.service.reason IS
'Why it is wanted so: who asked for it. NULL: nobody asked for a change yet.';
UPDATE ops.service SET desired = 'running', reason = NULL
WHERE desired = 'stopped' AND reason LIKE 'gave up: %';
