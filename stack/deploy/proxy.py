"""The reverse proxy: its configuration, and the people who may open Dagster's pages.

Dagster has no login, so nginx asks for a password: viewers get a read-only instance of Dagster,
operators the other. The API checks its tokens itself. The template is in `deploy/nginx`.
"""

import re
import secrets
from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

import bcrypt

from core.errors import StackError
from core.settings import Settings

PASSWORDS, OPERATORS = "passwords", "operators"
"""Files that nginx reads: a line per person, and the operators' names."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
HASH_ROUNDS = 8
"""2 ** 8 rounds of bcrypt take about 15 ms, and nginx runs it for each request; the limit on attempts and the
length of the passwords compensate.
"""

MIN_PASSWORD_CHARACTERS = 16
MAX_PASSWORD_BYTES = 72
"""bcrypt's own limit."""

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Headers that replace those of Dagster and the documentation; the API sets its own."""


class _Fields(Template):
    """Fields are written @{name}, because nginx has its own `$name`."""

    delimiter = "@"


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a proxy.

    `http` and `https` are what it listens on (a port or address:port), `public` the host and port that people
    use; `api`, `dagster`, `viewers`, `docs`, `charts` and `intake` are host:port; `people` is the folder of passwords and operators,
    `run` one that it may write in. `logins_at_once` may be tried at a time, then `logins_per_minute`.
    """

    name: str
    public: str
    http: str
    https: str
    certificate: Path
    key: Path
    people: Path
    run: Path
    api: str
    dagster: str
    viewers: str
    docs: str
    charts: str
    intake: str
    resolver: str = "127.0.0.11"
    access_log: str = "/dev/stdout"
    logins_at_once: int = 10
    logins_per_minute: int = 10


def render(settings: Settings, plan: Plan) -> str:
    """nginx's configuration. It contains no passwords, only two cookie values that lift the limit on attempts."""
    template = settings.root / "deploy" / "nginx" / "nginx.conf.template"
    values = {field.name: str(getattr(plan, field.name)) for field in fields(plan)}
    values |= {
        "passwords": str(plan.people / PASSWORDS),
        "operators": str(plan.people / OPERATORS),
        "operator_cookie": secrets.token_urlsafe(24),
        "viewer_cookie": secrets.token_urlsafe(24),
        "headers": "\n".join(
            f'            proxy_hide_header {name};\n            add_header {name} "{value}" always;'
            for name, value in HEADERS.items()
        ),
    }
    return _Fields(template.read_text(encoding="utf-8")).substitute(values)


def add_person(people: Path, name: str, password: str, *, operator: bool) -> None:
    """Add or replace a person and password. Raises `StackError` if either is invalid.

    nginx reads passwords with each request, and the operators when it is reloaded.
    """
    if not NAME.fullmatch(name):
        raise StackError(
            f"'{name}' is not a valid name: a letter, then up to 31 lower-case letters, digits and ._-."
        )
    if len(password) < MIN_PASSWORD_CHARACTERS or len(password.encode()) > MAX_PASSWORD_BYTES:
        raise StackError(
            f"A password has at least {MIN_PASSWORD_CHARACTERS} characters and at most "
            f"{MAX_PASSWORD_BYTES} bytes."
        )
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(HASH_ROUNDS)).decode()
    _replace(people / PASSWORDS, f"{name}:", f"{name}:{hashed}")
    _replace(people / OPERATORS, f'"{name}" ', f'"{name}" operator;' if operator else None)


def _replace(path: Path, start: str, line: str | None) -> None:
    """Replace the line that begins with `start` by `line`; None removes it."""
    path.touch(mode=0o640)
    kept = [each for each in path.read_text(encoding="utf-8").splitlines() if not each.startswith(start)]
    path.write_text("".join(f"{each}\n" for each in [*kept, *([line] if line else [])]), encoding="utf-8")
