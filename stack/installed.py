"""Files that installed Python packages bring: PostgreSQL's programs, Ivy."""

from importlib.util import find_spec
from pathlib import Path

from core.errors import PrerequisiteError

__all__ = ["package_folder"]


def package_folder(name: str) -> Path:
    """Folder of an installed package, without importing it. Raises `PrerequisiteError` where it is missing."""
    package = find_spec(name)
    if package is None or package.origin is None:
        raise PrerequisiteError(f"The Python package {name} is not installed; `make install` installs it.")
    return Path(package.origin).parent
