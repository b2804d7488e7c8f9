-- The stream completes the payload of a message that did not map, of which it stored the beginning.

GRANT UPDATE (payload, payload_bytes, payload_sha256) ON ops.events_rejected TO spark_writer;
