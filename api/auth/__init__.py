"""Authentication and scopes by bearer tokens (JWT, RFC 7519 and RFC 8725)."""

from api.auth.caller import ANYONE, NOBODY, SCOPES, Caller, Scope
from api.auth.rules import make_verifier
from api.auth.verifier import TokenRefusedError, TokenVerifier
