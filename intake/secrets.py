"""What senders are verified with: files that only their owner may read, one for each sender or source.

`sources/NAME` holds the secrets of a source, one per line, any of which may match; `sources/NAME.pem` its certificates.
`senders/NAME` holds the key of a sender of `/v1/events`. Files are read again when they change.
"""

import hmac
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from core.errors import SettingsError
from core.production import too_open
from core.settings import Environment, Settings
from intake.mapping.source import NAME
from intake.signatures.scheme import Credentials, SignatureError

SOURCES, SENDERS = "sources", "senders"
CERTIFICATES = ".pem"
LARGEST_FILE_BYTES = 64 * 1024
Sign = tuple[int, int, int]


class Secrets:
    """The files of the folder. In production a file that others may read is refused, as other secrets are."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.senders_secrets_dir
        self._strict = settings.environment is Environment.PRODUCTION
        self._read: dict[Path, tuple[Sign, bytes]] = {}

    def of_source(self, name: str) -> Credentials:
        """The credentials of a source; empty ones, which verify nothing, if there are none.

        Raises `SettingsError` if a file cannot be used.
        """
        path = self.source_file(name)
        certificates = self._content(path.with_name(path.name + CERTIFICATES))
        return Credentials(_lines(self._content(path)), certificates)

    def sender(self, key: str) -> str:
        """The sender that has this key. Raises `SignatureError` if nobody has it, and `SettingsError` as above."""
        found, folder = [], self._folder / SENDERS
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if NAME.fullmatch(path.name):
                keys = _lines(self._content(path))
                found += [path.name for each in keys if hmac.compare_digest(each.encode(), key.encode())]
        if not found:
            raise SignatureError("wrong_key")
        return found[0]

    def senders(self) -> set[str]:
        """The senders that have a key."""
        folder = self._folder / SENDERS
        return (
            {path.name for path in folder.iterdir() if NAME.fullmatch(path.name)}
            if folder.is_dir()
            else set()
        )

    def source_file(self, name: str) -> Path:
        """Where the secrets of a source are."""
        return self._folder / SOURCES / name

    def sender_file(self, name: str) -> Path:
        """Where the key of a sender is."""
        return self._folder / SENDERS / name

    def _content(self, path: Path) -> bytes | None:
        try:
            found = path.stat()
            sign = (found.st_mtime_ns, found.st_size, found.st_ino)
            if path not in self._read or self._read[path][0] != sign:
                self._read[path] = (sign, self._checked(path, found.st_size))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
        return self._read[path][1]

    def _checked(self, path: Path, length: int) -> bytes:
        if self._strict and path.suffix != CERTIFICATES and (fault := too_open(path)):
            raise SettingsError(f"{path} {fault}")
        if length > LARGEST_FILE_BYTES:
            raise SettingsError(f"{path} is too large for a secret")
        return path.read_bytes()


def require_distinct(senders: Iterable[str], sources: Iterable[str]) -> None:
    """Raise `SettingsError` if a sender has the name of a source: their rejected records would mix."""
    if shared := sorted({*senders} & {*sources}):
        raise SettingsError(
            f"'{shared[0]}' is the name of a source, so no sender of /v1/events may have it, because rejected records are "
            f"counted by it: choose another (keys are in {SENDERS}/ of the folder of secrets)."
        )


def _lines(content: bytes | None) -> tuple[str, ...]:
    text = (content or b"").decode("utf-8", "replace")
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def write_secret(path: Path, content: bytes) -> None:
    """Put `content` in place of the file; only its owner may read it. Readers find the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
