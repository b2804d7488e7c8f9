"""Settings from the file `.env`, as editors on every system write it.

A byte order mark and Windows line endings are stripped, `$` is an ordinary character, and a line that would silently
lose part of a value is refused.
"""

from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource

from core.errors import SettingsError

SECRETS = ("password", "secret", "token")
QUOTES = ("'", '"')


class EnvFile(DotEnvSettingsSource):
    """The settings in one file. Raises `SettingsError`, which names the line that cannot be read."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        return {line.key.lower(): line.value for line in bindings(file_path) if line.key is not None}


def bindings(path: Path) -> Iterator[Binding]:
    """The lines of the file, each a name and its value. Raises `SettingsError` like `EnvFile`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not valid UTF-8: save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}).") from None
    for line in parse_stream(StringIO(text)):
        where = f"{path}, line {line.original.line}"
        if line.error:
            raise SettingsError(f"{where}: cannot be read. Is a quotation mark not closed?")
        if _lost_a_part(line):
            raise SettingsError(
                f"{where}: {line.key}: ` #` starts a comment, so the rest of the value would be lost. Put the "
                "value in single quotation marks, or remove the comment."
            )
        yield line


def _lost_a_part(line: Binding) -> bool:
    """Whether an unquoted secret is followed by text that may be part of it."""
    if line.key is None or not line.value or not line.key.lower().endswith(SECRETS):
        return False
    written = line.original.string.partition("=")[2].strip()
    return not written.startswith(QUOTES) and written != line.value
