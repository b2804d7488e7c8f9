"""The file of the records that were not imported, each with its line and the reason."""

import os
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from core.errors import SettingsError


class Rejects:
    """A context manager that replaces `path`; if nothing was rejected there is no file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedWriter | None = None

    def __enter__(self) -> Self:
        """Remove the file of an earlier import, and see that one can be written. Raises `SettingsError`."""
        try:
            self._path.unlink(missing_ok=True)
            os.close(self._create())
            self._path.unlink()
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be written: {error.strerror}.") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, line: int, value: bytes, reason: str, detail: str | None) -> None:
        """Add a record. It may hold a customer's data, so only this user may read the file."""
        if self._file is None:
            self._file = os.fdopen(self._create(), "wb")
        row = {"line": line, "reason": reason, "detail": detail, "record": _record(value)}
        self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Hand over to the system what was written."""
        if self._file is not None:
            self._file.flush()

    def _create(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _record(value: bytes) -> Any:
    """JSON as it is written, anything else as a text."""
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return value.decode("utf-8", "replace")
    return orjson.Fragment(value)
