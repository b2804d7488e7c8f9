"""`docs/reference/settings.md`, generated from `core.settings`; `python -m core.settings_docs` writes it."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from core.settings import Settings

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"

INTRODUCTION = """\
# Settings

Generated from `core/settings.py` by `python -m core.settings_docs`; edit it there.

A setting is read from the environment, else from the file `.env` in the project's root, else from the file of
its name in `ORDERPULSE_SECRETS_DIR`, else it has its default. Each process reads them once, when it starts. An invalid
value, or a secret file that is empty or unreadable, stops the process with an error that names it.

In `.env`, ` #` starts a comment, and `$` is an ordinary character. Put a password that contains a space before `#`, or
quotation marks, into single quotation marks: `ORDERPULSE_POSTGRES__PASSWORD='a #b'`; without them the value is refused.

`orderpulse` and the programs it starts see only these shell variables: settings (`ORDERPULSE_*`, `ENVIRONMENT`), `PATH`,
`HOME`, `USER`, `TMPDIR`, and those for certificates (`SSL_CERT_FILE` ...) and proxies. Package downloads also see the package
sources (`PIP_INDEX_URL`, `NPM_CONFIG_REGISTRY` ...). So `JAVA_HOME`, `SPARK_HOME`, `PYTHONPATH`, `PGOPTIONS`, `LANG` and the
like have no effect: Java is the first `java` on the path. To pass other variables, name them in
`ORDERPULSE_STACK__PASS_VARIABLES`. `stack/host/variables.py` has the list.

`ENVIRONMENT=production` refuses the following, listing all faults by name:

| refused | of |
| --- | --- |
| the default password, or one with fewer than 32 bytes or 10 different characters | PostgreSQL, Kafka, the secret for HS256 |
| an `sslmode` other than `verify-full`, `PLAINTEXT`, no user, no file of certificates | PostgreSQL, Kafka |
| tokens not required, no key to verify them, origins with `*` | the API |
| `debug` as the log level | all |
| a webhook without https | alerts |
| `.env` or a secret file that others may read or the group may write (`chmod 640` or less) | all |
| a file of keys or certificates that anyone may write | all |

Each process checks only what it uses: the API PostgreSQL and tokens, intake Kafka, the others PostgreSQL and Kafka.
`orderpulse doctor` shows each rule with its finding.
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
