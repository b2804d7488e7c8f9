"""Topics and their configuration (contract, section 1)."""

from dataclasses import dataclass

__all__ = ["EVENTS_RAW", "LARGEST_BATCH_BYTES", "LARGEST_REQUEST_BYTES", "Topic"]

HOUR_MS = 3_600_000
LARGEST_BATCH_BYTES = 1_048_588
"""Most bytes of one batch of records as a producer sends it: a MiB and what surrounds it (Kafka's own default)."""

LARGEST_REQUEST_BYTES = 8 * 1024 * 1024
"""A larger request is cut off before the broker makes room for it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as set-up creates it. The replication factor is a setting of the cluster."""

    name: str
    partitions: int
    retention_ms: int

    def config(self, min_insync_replicas: int = 1) -> dict[str, str]:
        """Topic-level configuration.

        `LogAppendTime` makes the record's timestamp the time at which Kafka took it,
        which the verdicts `late` and `future` are measured against.
        """
        return {
            "cleanup.policy": "delete",
            "max.message.bytes": str(LARGEST_BATCH_BYTES),
            "message.timestamp.type": "LogAppendTime",
            "min.insync.replicas": str(min_insync_replicas),
            "retention.ms": str(self.retention_ms),
        }


EVENTS_RAW = Topic("events_raw", partitions=3, retention_ms=24 * HOUR_MS)
