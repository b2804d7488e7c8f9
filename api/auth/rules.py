"""When tokens are demanded, and what they are verified with; judged once, when the API starts."""

import ipaddress

from api.auth.keys import FileKeys, KeySource, SharedSecret, read_jwks, read_pem
from api.auth.verifier import TokenVerifier
from core.errors import SettingsError
from core.settings import Environment, Settings, weakness_of_secret

__all__ = ["is_loopback", "make_verifier"]

SOURCES = "ORDERPULSE_API__JWT_JWKS_FILE, ORDERPULSE_API__JWT_PUBLIC_KEY_FILE, ORDERPULSE_API__JWT_SECRET"


def make_verifier(settings: Settings) -> TokenVerifier | None:
    """What judges tokens; None where none are demanded. Raises `SettingsError` where that is not safe."""
    if settings.api.auth == "off":
        _refuse_open_api(settings)
        return None
    api = settings.api
    return TokenVerifier(_source(settings), issuer=api.jwt_issuer, audience=api.jwt_audience)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_open_api(settings: Settings) -> None:
    if settings.environment is Environment.PRODUCTION:
        raise SettingsError(
            "ORDERPULSE_API__AUTH must be `required` in production: the API starts and stops things."
        )
    if not is_loopback(settings.api.host):
        raise SettingsError(
            f"ORDERPULSE_API__HOST is {settings.api.host}, so others than this machine's users reach the API: "
            f"set ORDERPULSE_API__AUTH=required and one of {SOURCES}; or listen on 127.0.0.1."
        )


def _source(settings: Settings) -> KeySource:
    api = settings.api
    given = [api.jwt_jwks_file, api.jwt_public_key_file, api.jwt_secret]
    if sum(each is not None for each in given) != 1:
        how_many = "none is" if not any(given) else "more than one is"
        raise SettingsError(f"Tokens are demanded, so exactly one of {SOURCES} must be set; {how_many}.")
    if api.jwt_jwks_file is not None:
        return FileKeys(settings.root / api.jwt_jwks_file, read_jwks)
    if api.jwt_public_key_file is not None:
        return FileKeys(settings.root / api.jwt_public_key_file, read_pem)
    assert api.jwt_secret is not None, "the one that is left"
    secret = api.jwt_secret.get_secret_value()
    if weakness := weakness_of_secret(secret):
        raise SettingsError(f"ORDERPULSE_API__JWT_SECRET {weakness}.")
    return SharedSecret(secret.encode())
