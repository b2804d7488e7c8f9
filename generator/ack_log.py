"""The list of acknowledged records: the reference that the chaos tests compare the tables with.

One line per record, fields separated by tabs: id, topic, partition, offset, kind, expected reason;
`-` for a missing field. A line is written only after the broker's acknowledgement,
directly to the operating system, once per round of delivery reports. So each line is an
acknowledged record, and a kill -9 loses at most the lines of the current round (acknowledged
records that are not listed). A last line without its newline does not count.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import SettingsError
from generator.records import Record

NOTHING = "-"


class AckLog:
    """Appends to the file at `path`; a context manager."""

    def __init__(self, path: Path) -> None:
        """Raises `SettingsError` if the file cannot be written."""
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise SettingsError(
                f"The list of acknowledged records cannot be written to {path}: {error.strerror}."
            ) from None
        self._round: list[str] = []

    def add(self, record: Record, topic: str, partition: int, offset: int) -> None:
        """Buffer an acknowledgement; `write_round` writes it."""
        self._round.append(
            f"{record.event_id or NOTHING}\t{topic}\t{partition}\t{offset}\t{record.kind}\t{record.reason or NOTHING}\n"
        )

    def write_round(self) -> None:
        """Write the buffered lines to the operating system."""
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
