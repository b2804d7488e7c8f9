"""The environment of child processes: the allowed part of ours, with every setting written out."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr

from core.errors import SettingsError
from core.settings import Settings, read_settings
from stack.host.variables import for_command, for_programs


def clean_environment() -> None:
    """Remove shell variables from this process that no command needs, because libpq, urllib and child processes
    would read them. `ORDERPULSE_STACK__PASS_VARIABLES` names additional ones to keep.
    """
    try:
        further = read_settings().stack.further_variables()
    except SettingsError:  # the command itself reports invalid settings
        further = []
    kept = for_command(os.environ, further)
    for name in set(os.environ) - set(kept):
        del os.environ[name]
    os.environ.update(kept)


def child_environment(settings: Settings) -> dict[str, str]:
    """The allowed part of our environment, with `settings` fixed and the interpreter's folder first on the path."""
    fixed = {"PYSPARK_PYTHON": sys.executable, "PYTHONUNBUFFERED": "1"}
    return bare_environment(settings) | settings_as_environment(settings) | fixed


def bare_environment(settings: Settings | None = None) -> dict[str, str]:
    """The same without settings, for programs that read none, so that they get no passwords."""
    passed = for_programs(os.environ, settings.stack.further_variables() if settings else ())
    inherited = {name: value for name, value in passed.items() if not name.startswith("ORDERPULSE_")}
    programs = os.pathsep.join((str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)))
    return inherited | {"PATH": programs}


def settings_as_environment(settings: Settings) -> dict[str, str]:
    """Variables from which `core.settings.load_settings` reads the same settings."""
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
