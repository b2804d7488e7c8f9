"""Topics and their configuration (contract, section 1)."""

from dataclasses import dataclass

HOUR_MS = 3_600_000
MAX_BATCH_BYTES = 1_048_588
"""Maximum bytes of one batch of records as sent: 1 MiB plus its envelope (Kafka's default)."""

MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""A larger request is cut off before the broker allocates memory for it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the set-up creates it. The replication factor is a setting of the cluster."""

    name: str
    partitions: int
    retention_ms: int

    def config(self, min_insync_replicas: int = 1) -> dict[str, str]:
        """Topic-level configuration.

        `LogAppendTime` makes the record's timestamp the time at which Kafka received it,
        on which the verdicts `late` and `future` are based.
        """
        return {
            "cleanup.policy": "delete",
            "max.message.bytes": str(MAX_BATCH_BYTES),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(min_insync_replicas),
            "retention.ms": str(self.retention_ms),
        }


EVENTS_RAW = Topic("events_raw", partitions=3, retention_ms=24 * HOUR_MS)
