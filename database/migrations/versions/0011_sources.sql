ALTER TABLE ops.events_rejected
ADD COLUMN source TEXT,
ADD COLUMN unmapped_reason TEXT,
ADD COLUMN source_headers TEXT;
COMMENT ON COLUMN ops.events_rejected.source IS
'The source or sender that intake received the record from; NULL if it came another way.';
COMMENT ON COLUMN ops.events_rejected.unmapped_reason IS
'Why the source made no event of the payload, when it was last mapped.';
COMMENT ON COLUMN ops.events_rejected.source_headers IS
'Headers that the source''s mapping reads, as JSON; NULL unless the payload is a message that did not map.';

-- Those that wait to be mapped again, by source.
CREATE INDEX events_rejected_unmapped ON ops.events_rejected (source, kafka_time)
WHERE source_headers IS NOT NULL AND replayed_at IS NULL;

-- Events that were rejected lately, by source or sender.
CREATE INDEX events_rejected_source ON ops.events_rejected (rejected_at, source)
WHERE source IS NOT NULL AND source_headers IS NULL;
