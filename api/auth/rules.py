"""Whether tokens are required, and the keys that verify them; checked once at the API's start."""

from api.auth.keys import FileKeys, KeySource, SharedSecret, read_jwks, read_pem
from api.auth.verifier import TokenVerifier
from core.browser import is_loopback
from core.errors import SettingsError
from core.production import weakness_of_secret
from core.settings import Environment, Settings

SOURCES = "ORDERPULSE_API__JWT_JWKS_FILE, ORDERPULSE_API__JWT_PUBLIC_KEY_FILE, ORDERPULSE_API__JWT_SECRET"


def make_verifier(settings: Settings) -> TokenVerifier | None:
    """The verifier of tokens; None if none are required. Raises `SettingsError` if that is unsafe."""
    if settings.api.auth == "off":
        _refuse_open_api(settings)
        return None
    api = settings.api
    return TokenVerifier(_source(settings), issuer=api.jwt_issuer, audience=api.jwt_audience)


def _refuse_open_api(settings: Settings) -> None:
    if settings.environment is Environment.PRODUCTION:
        raise SettingsError(
            "ORDERPULSE_API__AUTH must be `required` in production: the API can start and stop services."
        )
    if not is_loopback(settings.api.host):
        raise SettingsError(
            f"ORDERPULSE_API__HOST is {settings.api.host}, so the API can be reached from other machines: "
            f"set ORDERPULSE_API__AUTH=required and one of {SOURCES}; or listen on 127.0.0.1."
        )


def _source(settings: Settings) -> KeySource:
    api = settings.api
    given = [api.jwt_jwks_file, api.jwt_public_key_file, api.jwt_secret]
    if sum(each is not None for each in given) != 1:
        how_many = "none is" if not any(given) else "more than one is"
        raise SettingsError(f"Tokens are required, so exactly one of {SOURCES} must be set; {how_many}.")
    if api.jwt_jwks_file is not None:
        return FileKeys(settings.root / api.jwt_jwks_file, read_jwks)
    if api.jwt_public_key_file is not None:
        return FileKeys(settings.root / api.jwt_public_key_file, read_pem)
    assert api.jwt_secret is not None, "the one that is left"
    secret = api.jwt_secret.get_secret_value()
    if weakness := weakness_of_secret(secret):
        raise SettingsError(f"ORDERPULSE_API__JWT_SECRET {weakness}.")
    return SharedSecret(secret.encode())
