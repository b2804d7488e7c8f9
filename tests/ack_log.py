"""Reads the generator's list of acknowledged records."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from generator.ack_log import NOTHING
from generator.records import Kind


class Acknowledged(NamedTuple):
    """A line of the list."""

    event_id: str | None
    topic: str
    partition: int
    offset: int
    kind: Kind
    reason: str | None


def read_ack_log(path: Path) -> Iterator[Acknowledged]:
    """The lines of the list at `path`, in the order of the acknowledgements."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return
            event_id, topic, partition, offset, kind, reason = line[:-1].split("\t")
            yield Acknowledged(
                None if event_id == NOTHING else event_id,
                topic,
                int(partition),
                int(offset),
                Kind(kind),
                None if reason == NOTHING else reason,
            )
