"""The records of a file: CSV or JSON Lines, also compressed with gzip."""

import csv
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from intake.mapping.errors import SourceError

LONGEST_LINE_BYTES = 8 * 1024 * 1024
DELIMITERS = ",;\t"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
CSV, JSON_LINES = (".csv",), (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Line:
    """A record: the line as it is, or a CSV row as text by column. `fault` says why it cannot be read."""

    number: int
    content: bytes
    cells: dict[str, str] | None = None
    fault: tuple[str, str] | None = None


class File:
    """An open file. `columns` are those of a CSV file; None for JSON Lines."""

    def __init__(self, path: Path, raw: BinaryIO) -> None:
        self._path, self._raw = path, raw
        self._size = os.fstat(raw.fileno()).st_size
        content = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        self._lines = self._numbered(content)
        self.columns: list[str] | None = None
        if _kind(path) in CSV:
            self._rows = self._start_csv()
            self.columns = self._header()

    @property
    def share(self) -> float | None:
        """The share of the bytes that were read; None for a pipe."""
        return self._raw.tell() / self._size if self._size else None

    def records(self) -> Iterator[Line]:
        """The records in order, without blank lines. Raises `SourceError` where the file is damaged or not of its kind."""
        if self.columns is None:
            yield from (Line(number, text.rstrip(b"\r\n")) for number, text in self._lines if text.strip())
            return
        first = self._rows.line_num + 1
        for cells in self._csv_rows():
            if cells:
                yield _row(first, self.columns, cells)
            first = self._rows.line_num + 1

    def _numbered(self, content: BinaryIO | gzip.GzipFile) -> Iterator[tuple[int, bytes]]:
        number = 0
        try:
            while line := content.readline(LONGEST_LINE_BYTES + 1):
                number += 1
                if len(line) > LONGEST_LINE_BYTES:
                    raise SourceError(
                        f"Line {number} of {self._path} is longer than {LONGEST_LINE_BYTES:,} bytes. "
                        "A file has one record a line; a JSON list is not JSON Lines (`jq -c '.[]'` makes them)."
                    )
                yield number, line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise SourceError(f"{self._path} is damaged after line {number}: {error}.") from None

    def _start_csv(self) -> Any:
        _, first = next(self._lines, (0, b""))
        if not first.strip():
            raise SourceError(f"{self._path} has no first line with the names of its columns.")
        delimiter = max(DELIMITERS, key=first.decode("utf-8", "replace").count)
        lines = (text.decode("utf-8", "surrogateescape") for text in _with_first(first, self._lines))
        return csv.reader(lines, delimiter=delimiter, strict=True)

    def _header(self) -> list[str]:
        columns = [name.strip() for name in next(self._csv_rows())]
        if len(set(columns)) < len(columns):
            raise SourceError(f"{self._path} has two columns of the same name: {', '.join(columns)}.")
        return columns

    def _csv_rows(self) -> Iterator[list[str]]:
        try:
            yield from self._rows
        except csv.Error as error:
            raise SourceError(
                f"{self._path} is not valid CSV from line {self._rows.line_num} on: {error}."
            ) from None


@contextmanager
def open_file(path: Path) -> Iterator[File]:
    """Open a file of the kind that the end of its name says. Raises `SourceError`."""
    if _kind(path) not in CSV + JSON_LINES:
        raise SourceError(
            f"{path}: the name must end in .csv, .jsonl or .ndjson, and then .gz if the file is compressed."
        )
    try:
        with path.open("rb") as raw:
            yield File(path, raw)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from None


def _kind(path: Path) -> str:
    """The ending of the name, without that of gzip."""
    return Path(path.name.removesuffix(".gz")).suffix.lower()


def _with_first(first: bytes, rest: Iterator[tuple[int, bytes]]) -> Iterator[bytes]:
    yield first
    yield from (text for _, text in rest)


def _row(number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        text = orjson.dumps([_shown(cell) for cell in cells])
        return Line(number, text, fault=("bad_row", f"{len(cells)} cells instead of {len(columns)}"))
    named = dict(zip(columns, cells, strict=True))
    try:
        return Line(number, orjson.dumps(named), named)
    except orjson.JSONEncodeError:
        text = orjson.dumps({name: _shown(cell) for name, cell in named.items()})
        return Line(number, text, fault=("not_utf8", "the row is not valid UTF-8; save the file as UTF-8"))


def _shown(text: str) -> str:
    """`text` with a replacement character for each byte that is not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
