"""The reverse proxy before the platform: its configuration, and the people that Dagster's pages know.

Dagster has no passwords of its own. nginx asks for one: viewers get an instance of Dagster that refuses
every change, operators the other. The API asks for its tokens itself. The template is `deploy/nginx`'s.
"""

import re
import secrets
from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

import bcrypt

from core.errors import StackError
from core.settings import Settings

__all__ = ["OPERATORS", "PASSWORDS", "Plan", "add_person", "render"]

PASSWORDS, OPERATORS = "passwords", "operators"
"""Files that nginx reads: a line for each person, and the names of those who may operate."""

NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
HASH_ROUNDS = 8
"""2 ** 8 rounds of bcrypt take some 15 ms, and nginx does it for each request; the limit on guesses and the
length of the passwords do the rest.
"""

LEAST_PASSWORD_CHARACTERS = 16
LONGEST_PASSWORD_BYTES = 72
"""bcrypt's own limit."""

HEADERS = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""On all that Dagster and the documentation answer, in place of theirs; the API sets its own."""


class _Fields(Template):
    """Fields are written @{name}, because nginx has its own `$name`."""

    delimiter = "@"


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs between one proxy and another.

    `http` and `https` are what it listens on (a port or address:port), `public` the host and port that people
    use; `api`, `dagster`, `viewers` and `docs` are host:port; `people` is the folder of passwords and operators,
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
    resolver: str = "127.0.0.11"
    access_log: str = "/dev/stdout"
    logins_at_once: int = 10
    logins_per_minute: int = 10


def render(settings: Settings, plan: Plan) -> str:
    """The configuration of nginx. It holds no passwords, and two cookies that only lift the limit on guesses."""
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
    """Let `name` in with `password`, in place of what was known of them. Raises `StackError` for a bad one.

    nginx reads passwords with each request, and who operates when it is reloaded.
    """
    if not NAME.fullmatch(name):
        raise StackError(f"'{name}' is no name: up to 32 small letters, digits and ._- after a letter.")
    if len(password) < LEAST_PASSWORD_CHARACTERS or len(password.encode()) > LONGEST_PASSWORD_BYTES:
        raise StackError(
            f"A password has at least {LEAST_PASSWORD_CHARACTERS} characters and at most "
            f"{LONGEST_PASSWORD_BYTES} bytes."
        )
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(HASH_ROUNDS)).decode()
    _replace(people / PASSWORDS, f"{name}:", f"{name}:{hashed}")
    _replace(people / OPERATORS, f'"{name}" ', f'"{name}" operator;' if operator else None)


def _replace(path: Path, start: str, line: str | None) -> None:
    """Put `line` in the place of the one that begins with `start`; None only takes that away."""
    path.touch(mode=0o640)
    kept = [each for each in path.read_text(encoding="utf-8").splitlines() if not each.startswith(start)]
    path.write_text("".join(f"{each}\n" for each in [*kept, *([line] if line else [])]), encoding="utf-8")
