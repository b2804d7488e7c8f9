"""The list of acknowledged records: the truth that the chaos tests compare the tables with.

One line a record, fields separated by tabs: id, topic, partition, offset, kind, expected reason;
`-` for what a record does not have. A line is written only after the broker's acknowledgement,
and straight to the operating system, once a round of delivery reports. So a line always means an
acknowledged record, and a kill -9 loses at most the lines of the round under way (acknowledged
records that are not listed). A last line without its newline is not one.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from core.errors import SettingsError
from generator.records import Kind, Record

__all__ = ["AckLog", "Acknowledged", "read_ack_log"]

NOTHING = "-"


class Acknowledged(NamedTuple):
    """A line of the list."""

    event_id: str | None
    topic: str
    partition: int
    offset: int
    kind: Kind
    reason: str | None


class AckLog:
    """Appends to the file at `path`; a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises `SettingsError` when the file cannot be written."""
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise SettingsError(
                f"The list of acknowledged records cannot be written to {path}: {error.strerror}."
            ) from None
        self._round: list[str] = []

    def add(self, record: Record, topic: str, partition: int, offset: int) -> None:
        """Note an acknowledgement; `write_round` makes it lasting."""
        self._round.append(
            f"{record.event_id or NOTHING}\t{topic}\t{partition}\t{offset}\t{record.kind}\t{record.reason or NOTHING}\n"
        )

    def write_round(self) -> None:
        """Hand what was noted to the operating system."""
        if not self._round:
            return
        left = memoryview("".join(self._round).encode())
        self._round.clear()
        while left:
            left = left[os.write(self._file, left) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.write_round()
        os.close(self._file)


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
