"""What the reader of a file of past orders (`intake.history`) passes to the batch layer (`spark_jobs.history`).

An Arrow stream of `ROWS`. The metadata of each batch say how far the file has been read. A stream whose last position is not
the end of the file was cut off.
"""

import json
from dataclasses import asdict, dataclass
from typing import Self

import pyarrow as pa

ROWS = pa.schema(
    [("line", pa.int64()), ("value", pa.binary()), ("reason", pa.string()), ("detail", pa.string())]
)
"""`value` is an event's JSON; if `reason` and `detail` say why a line gave none, the line itself."""

BATCH_LINES = 60_000
"""Lines of a batch: planning its query costs Spark as much as judging 20,000 of them."""

_KEY = b"position"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read: lines with a record, those among them that are about no order, share of its bytes."""

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
