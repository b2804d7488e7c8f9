"""Files in installed Python packages: PostgreSQL's programs, Ivy."""

from importlib.util import find_spec
from pathlib import Path

from core.errors import PrerequisiteError


def package_folder(name: str) -> Path:
    """Folder of an installed package, without importing it. Raises `PrerequisiteError` if it is missing."""
    package = find_spec(name)
    if package is None or package.origin is None:
        raise PrerequisiteError(f"The Python package {name} is not installed; `make install` installs it.")
    return Path(package.origin).parent
