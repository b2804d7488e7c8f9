"""The environment that child processes get: ours, with every setting written out."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from core.settings import Settings

__all__ = ["bare_environment", "child_environment", "settings_as_environment"]


def child_environment(settings: Settings) -> dict[str, str]:
    """Our environment, with `settings` fixed and the interpreter's folder first on the path."""
    fixed = {"PYSPARK_PYTHON": sys.executable, "PYTHONUNBUFFERED": "1"}
    return bare_environment() | settings_as_environment(settings) | fixed


def bare_environment() -> dict[str, str]:
    """The same without any setting, for a program that reads none: its passwords are not for everyone."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ORDERPULSE_")}
    programs = os.pathsep.join((str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)))
    return inherited | {"PATH": programs}


def settings_as_environment(settings: Settings) -> dict[str, str]:
    """Variables from which `core.settings.load_settings` reads the same settings again."""
    variables = dict(_variables(settings, "ORDERPULSE_"))
    variables["ENVIRONMENT"] = variables.pop("ORDERPULSE_ENVIRONMENT")
    return variables


def _variables(model: BaseModel, prefix: str) -> Iterator[tuple[str, str]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _variables(value, f"{prefix}{name.upper()}__")
        elif isinstance(value, SecretStr):
            yield prefix + name.upper(), value.get_secret_value()
        elif value is not None:
            yield prefix + name.upper(), str(value)
