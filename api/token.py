"""`python -m api.token`: a token for development, signed with the secret that the API verifies with."""

import sys
import time
from typing import Annotated

import jwt
import typer

from api.auth import SCOPES
from core.errors import OrderpulseError, SettingsError
from core.production import weakness_of_secret
from core.settings import Environment, Settings, load_settings

app = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)


def make_token(settings: Settings, *, subject: str, scopes: list[str], minutes: float) -> str:
    """A signed token. Raises `SettingsError` in production, or if there is no valid secret."""
    if settings.environment is Environment.PRODUCTION:
        raise SettingsError("In production tokens come from your identity provider, not from here.")
    if settings.api.jwt_secret is None:
        raise SettingsError(
            "ORDERPULSE_API__JWT_SECRET is not set, so there is nothing to sign with. Create one: "
            "`openssl rand -base64 48`, put it into `.env`, set ORDERPULSE_API__AUTH=required, restart the API."
        )
    secret = settings.api.jwt_secret.get_secret_value()
    if weakness := weakness_of_secret(secret):
        raise SettingsError(f"ORDERPULSE_API__JWT_SECRET {weakness}.")
    now = int(time.time())
    claims = {
        "iss": settings.api.jwt_issuer,
        "aud": settings.api.jwt_audience,
        "sub": subject,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + int(minutes * 60),
    }
    return jwt.encode(claims, secret, algorithm="HS256")


@app.command()
def token(
    scope: Annotated[
        list[str], typer.Option(help="Scope of the token: `read`, `operate`; repeat it for both.")
    ] = ["read"],  # noqa: B006  # typer wants a list
    subject: Annotated[
        str, typer.Option(help="Whom it is for; the API's log contains the name.")
    ] = "developer",
    minutes: Annotated[float, typer.Option(min=0.1, max=24 * 60, help="How long it is valid.")] = 60.0,
) -> None:
    """Create a bearer token for development and print it.

    It is signed (HS256) with `ORDERPULSE_API__JWT_SECRET`; the API accepts it if `ORDERPULSE_API__AUTH=required`
    and the same secret are set for it. Refused with `ENVIRONMENT=production`.

    **Examples**

    `python -m api.token`: one that reads, for an hour

    `python -m api.token --scope read --scope operate --subject ann --minutes 480`: one that may also start and stop

    `curl -H "Authorization: Bearer $(python -m api.token)" localhost:8000/api/v1/kpi`
    """
    if unknown := [each for each in scope if each not in SCOPES]:
        raise typer.BadParameter(
            f"'{unknown[0]}' is not a scope; the scopes are {', '.join(SCOPES)}.", param_hint="--scope"
        )
    try:
        typer.echo(make_token(load_settings(uses=()), subject=subject, scopes=scope, minutes=minutes))
    except OrderpulseError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    app(prog_name="python -m api.token")
