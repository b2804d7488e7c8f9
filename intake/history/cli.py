"""`python -m intake history`: the events of a file of past orders, as an Arrow stream for the batch layer."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from core.history import BATCH_LINES, ROWS, Position
from core.settings import read_settings
from intake.history.events import EVENTS, Mapping, Row, mapping_of, require_columns, require_event
from intake.history.files import File, Line, open_file
from intake.mapping.errors import UnmappedError
from intake.mapping.registry import Registry

BATCH_BYTES = 32 * 1024 * 1024


def history_command(
    file: Path,
    source: Annotated[str, typer.Option(help="Maps the lines; `events`: they are events already.")] = EVENTS,
    header: Annotated[list[str] | None, typer.Option(help="A header of the source's messages.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Lines in a batch.")] = BATCH_LINES,
) -> None:
    """Write the events of a file to standard output, for `orderpulse import`."""
    pairs = (each.partition(":") for each in header or [])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    mapping = mapping_of(source, Registry(read_settings().sources_dir), headers)
    try:
        with open_file(file) as opened:
            if source == EVENTS and opened.columns is not None:
                require_columns(opened.columns, file)
            _write(sys.stdout.buffer, opened, mapping, batch, file)
    except BrokenPipeError:  # the reader of the pipe has ended and reported why
        sys.stdout = None  # Python would flush it on exit, and fail again
        raise typer.Exit(1) from None


def _write(output: Any, file: File, mapping: Mapping, batch_lines: int, path: Path) -> None:
    batches = _batches(file, mapping, batch_lines)
    first = next(batches)
    require_event(first[0], path, file.columns)
    with pa.PythonFile(output, mode="w") as sink, pa.ipc.new_stream(sink, ROWS) as stream:
        for rows, position in chain([first], batches):
            columns = list(zip(*rows, strict=True)) or [()] * len(ROWS)
            batch = pa.record_batch(list(map(list, columns)), ROWS)
            stream.write_batch(batch, custom_metadata=position.metadata())
            output.flush()


def _batches(file: File, mapping: Mapping, batch_lines: int) -> Iterator[tuple[list[Row], Position]]:
    """Rows of `batch_lines` lines, or of fewer if those have `BATCH_BYTES`; at the end of the file, what is left."""
    rows: list[Row] = []
    lines, ignored, since, size = 0, 0, 0, 0
    for line in file.records():
        found = list(_rows(line, mapping))
        rows += found
        lines, ignored, since = lines + 1, ignored + (not found), since + 1
        size += sum(len(value) for _, value, *_ in found)
        if since >= batch_lines or size >= BATCH_BYTES:
            yield rows, Position(lines, ignored, file.share)
            rows, since, size = [], 0, 0
    yield rows, Position(lines, ignored, 1.0, is_end=True)


def _rows(line: Line, mapping: Mapping) -> Iterator[Row]:
    if line.fault is not None:
        yield line.number, line.content, *line.fault
        return
    try:
        events = mapping(line)
    except UnmappedError as error:
        yield line.number, line.content, error.reason, str(error)
        return
    yield from ((line.number, event, None, None) for event in events)
