"""What the reader of a file of past orders (`intake.history`) passes to the batch layer (`spark_jobs.history`).

An Arrow stream of `ROWS`. The metadata of each batch says how far the file has been read. A stream whose last position is not
the end of the file was cut off.
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

import pyarrow as pa

ROWS = pa.schema(
    [("line", pa.int64()), ("value", pa.binary()), ("reason", pa.string()), ("detail", pa.string())]
)
"""`value` is an event's JSON, or the line itself if `reason` and `detail` say why it gave none."""

BATCH_LINES = 60_000
"""Lines in a batch: planning its query takes Spark as long as validating 20,000 of them."""

_KEY = b"position"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read: lines with a record, those of them that are not about an order, the share of its bytes."""

    lines: int = 0
    ignored: int = 0
    share: float | None = None
    is_end: bool = False

    def metadata(self) -> dict[bytes, bytes]:
        """Metadata of a batch."""
        return {_KEY: json.dumps(asdict(self)).encode()}

    @classmethod
    def of(cls, metadata: pa.KeyValueMetadata) -> Self:
        """The position in a batch's metadata."""
        return cls(**json.loads(metadata[_KEY]))
