"""All sources: those that come with the platform, and a shop's own in a folder.

A file of the shop's own takes precedence over a built-in one of the same name. Files are read again when they change.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types
from pydantic import ValidationError

from intake.mapping.errors import SourceError
from intake.mapping.source import NAME, Source

BUILT_IN = Path(__file__).parents[1] / "sources"
SUFFIX = ".yaml"
LARGEST_FILE_BYTES = 256 * 1024


class Registry:
    """Sources by name."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._read: dict[Path, tuple[tuple[int, int], Source]] = {}

    def get(self, name: str) -> Source | None:
        """The source of that name; None if there is none. Raises `SourceError` if its file is invalid."""
        path = self.path(name)
        if path is None:
            return None
        try:
            found = path.stat()
            sign = (found.st_mtime_ns, found.st_size)
            if path not in self._read or self._read[path][0] != sign:
                self._read[path] = (sign, read_source(path))
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from None
        return self._read[path][1]

    def path(self, name: str) -> Path | None:
        """The file of a source."""
        if not NAME.fullmatch(name):
            return None
        for folder in (self._own, BUILT_IN):
            path = folder / f"{name}{SUFFIX}"
            if path.is_file():
                return path
        return None

    def names(self) -> list[str]:
        """The names of all sources, in order."""
        return sorted(set(_names(self._own)) | set(_names(BUILT_IN)))

    def is_own(self, name: str) -> bool:
        """Whether the source is the shop's own."""
        path = self.path(name)
        return path is not None and path.parent == self._own


def read_source(path: Path) -> Source:
    """The source in a file. Raises `SourceError` that names each fault and its place."""
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise SourceError(f"{path} has more than {LARGEST_FILE_BYTES} bytes")
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise SourceError(f"{path}: a source must be a mapping of names to values")
    try:
        return Source.model_validate({**content, "name": path.stem})
    except ValidationError as error:
        raise SourceError(f"{path}: {'; '.join(_faults(error))}") from None


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        text = fault["msg"].removeprefix("Value error, ")
        yield f"{place}: {text}" if place else text


def _names(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        yield from (path.stem for path in folder.glob(f"*{SUFFIX}") if NAME.fullmatch(path.stem))
