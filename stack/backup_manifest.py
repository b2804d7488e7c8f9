"""What a backup says of itself, in `manifest.json` beside its dump."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import StackError
from stack.private_files import write_private

__all__ = ["DUMP", "MANIFEST", "Manifest", "Position", "Topic", "read_manifest", "write_manifest"]

MANIFEST, DUMP = "manifest.json", "realtime.dump"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Position(_Part):
    """How far a query was: the next offset by partition, and the time of its newest event."""

    offsets: dict[int, int]
    newest: datetime


class Topic(_Part):
    """Which topic the offsets belong to."""

    name: str
    cluster_id: str
    topic_id: str


class Manifest(_Part):
    """All of it is of one snapshot of the database. `rows` by qualified table; `topic` is None where Kafka was away."""

    format: Literal[1] = 1
    made_at: datetime
    release: str
    server: int
    revision: str
    topic: Topic | None
    positions: dict[str, Position]
    rows: dict[str, int]
    dump_bytes: int
    dump_sha256: str

    @property
    def newest(self) -> datetime | None:
        """Time of the newest event in it; None where it holds none."""
        return max((position.newest for position in self.positions.values()), default=None)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it into the folder of a backup."""
    write_private(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read it. Raises `StackError` where the folder is no backup of this format."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise StackError(
            f"{folder} is no backup: it has no {MANIFEST}. `orderpulse backup list` shows those there are."
        ) from None
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise StackError(
            f"{path} is damaged, or of another release ({where}: {first['msg']}). Take another backup."
        ) from None
