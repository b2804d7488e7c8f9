"""`docs/settings.md`, generated from `core.settings`; `python -m core.settings_docs` writes it."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from core.settings import Settings

__all__ = ["DOCUMENT", "document", "write"]

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

INTRODUCTION = """\
# Settings

Generated from `core/settings.py` by `python -m core.settings_docs`; edit it there.

A setting is read from the environment, else from a file `.env` in the project's root, else
its default holds. Each process reads them once, when it starts. A value that does not fit
stops the process with a sentence that names the setting. With `ENVIRONMENT=production` the
default password, an `sslmode` other than `verify-full`, an API without tokens, without a key to verify them with
or with a weak secret are refused, all at once and by name.
"""


def document() -> str:
    """The page, as Markdown."""
    general: list[tuple[str, FieldInfo]] = []
    sections = []
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            group = type(field.default)
            rows = [(_variable(name, inner), described) for inner, described in group.model_fields.items()]
            sections.append(_section(name.capitalize(), group.__doc__ or "", rows))
        else:
            general.append((str(field.validation_alias or _variable(name)), field))
    return "\n".join([INTRODUCTION, _section("General", "Of every process.", general), *sections])


def write() -> None:
    """Write the page."""
    DOCUMENT.write_text(document(), encoding="utf-8")


def _variable(*path: str) -> str:
    return "ORDERPULSE_" + "__".join(path).upper()


def _section(title: str, introduction: str, rows: list[tuple[str, FieldInfo]]) -> str:
    return "\n".join([f"## {title}", "", introduction, "", *_table(rows), ""])


def _table(rows: list[tuple[str, FieldInfo]]) -> Iterator[str]:
    yield "| setting | default | meaning |"
    yield "| --- | --- | --- |"
    for variable, field in rows:
        yield f"| `{variable}` | {_default(variable, field.default)} | {field.description} |"


def _default(variable: str, value: object) -> str:
    match value:
        case None:
            return "none"
        case SecretStr():
            return f"`{value.get_secret_value()}`, refused in production"
        case StrEnum():
            return f"`{value.value}`"
        case Path() if variable == _variable("root"):
            return "the folder that holds `core/`"
        case _:
            return f"`{value}`"


if __name__ == "__main__":
    write()
