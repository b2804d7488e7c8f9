"""A backup's metadata, in `manifest.json` next to its dump."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import StackError
from stack.host.private_files import write_private

MANIFEST, DUMP = "manifest.json", "realtime.dump"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Position(_Part):
    """A query's progress: the next offset by partition, and the time of its newest event."""

    offsets: dict[int, int]
    newest: datetime


class Topic(_Part):
    """The topic of the offsets."""

    name: str
    cluster_id: str
    topic_id: str


class Manifest(_Part):
    """Metadata from one snapshot of the database. `rows` by qualified table; `topic` is None if Kafka was down."""

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
        """Time of the newest event in it; None if there is none."""
        return max((position.newest for position in self.positions.values()), default=None)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the folder of a backup."""
    write_private(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest. Raises `StackError` if the folder is not a backup of this format."""
    path = folder / MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise StackError(
            f"{folder} is not a backup: it has no {MANIFEST}. `orderpulse backup list` lists the backups."
        ) from None
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise StackError(
            f"{path} is damaged, or of another release ({where}: {first['msg']}). Use another backup."
        ) from None
