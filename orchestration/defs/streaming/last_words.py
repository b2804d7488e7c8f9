"""The last error in a program's log before it failed."""

import json
import os
from pathlib import Path
from typing import Any

TAIL_BYTES = 65_536
LONGEST = 300


def last_words(log: Path) -> str:
    """The last error in a program's log, else its last plain line; at most 300 characters."""
    lines = [line.strip() for line in _tail(log).splitlines() if line.strip()]
    if not lines:
        return "its log is empty"
    error = next(filter(None, map(_error_in, reversed(lines))), None)
    plain = [line for line in lines if _entry(line) is None]
    words = error or (plain or lines)[-1]
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _error_in(line: str) -> str | None:
    """The text of a structured line of level error."""
    entry = _entry(line)
    if entry is None or entry.get("level") not in ("error", "critical"):
        return None
    return ": ".join(str(entry[key]) for key in ("event", "error") if entry.get(key))


def _entry(line: str) -> dict[str, Any] | None:
    """A structured line; None for any other line."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
