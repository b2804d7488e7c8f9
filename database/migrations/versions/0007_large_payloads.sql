ALTER TABLE ops.events_rejected
ADD COLUMN payload_bytes INTEGER,
ADD COLUMN payload_sha256 TEXT;
COMMENT ON COLUMN ops.events_rejected.payload IS
'The record''s value as received, of a long one its first 4,096 bytes; NULL where it had none.';
COMMENT ON COLUMN ops.events_rejected.payload_bytes IS
'Length of the whole value where only its beginning is kept; NULL where payload is the whole value.';
COMMENT ON COLUMN ops.events_rejected.payload_sha256 IS
'SHA-256 of the whole value, in hexadecimal, where only its beginning is kept.';
