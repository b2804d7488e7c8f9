"""Settings from files, one each, as Docker, Compose and Kubernetes mount secrets.

A file is named like its setting in lower case (`orderpulse_postgres__password`) and contains the value.
Other files of the folder (keys, certificates) are not read.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic_settings import NestedSecretsSettingsSource, PydanticBaseSettingsSource

from core.errors import SettingsError

PREFIX = "orderpulse_"


class SecretFiles(NestedSecretsSettingsSource):
    """The settings in the files of a folder. Raises `SettingsError` if one is unreadable, empty or named like no setting."""

    def __init__(self, plain: PydanticBaseSettingsSource, folder: Path) -> None:
        if not folder.is_dir():
            raise SettingsError(f"ORDERPULSE_SECRETS_DIR: there is no folder {folder}.")
        self._known = plain.settings_cls.model_fields
        super().__init__(plain, secrets_dir=folder)

    def load_secrets(self, path: Path) -> dict[str, str]:  # type: ignore[override]  # a static method there
        """The files' contents by name, without the trailing newline that editors add."""
        return {file.name: self._content(file) for file in secret_files(path)}

    def _content(self, file: Path) -> str:
        if file.name.lower().removeprefix(PREFIX).partition("__")[0] not in self._known:
            raise SettingsError(f"The secret file {file} is named like no setting.")
        try:
            text = file.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise SettingsError(f"The secret file {file} cannot be read ({error.strerror}).") from None
        except UnicodeDecodeError:
            raise SettingsError(f"The secret file {file} is not valid UTF-8.") from None
        if not text.strip():
            raise SettingsError(f"The secret file {file} is empty.")
        return text


def secret_files(folder: Path) -> Iterator[Path]:
    """The files of `folder` that are named like settings, in order."""
    for path in sorted(folder.iterdir()):
        if path.name.lower().startswith(PREFIX) and not path.is_dir():
            yield path
