"""What a route demands: the caller, or a caller with a scope."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth.caller import ANYONE, NOBODY, Caller, Scope
from api.auth.verifier import TokenRefusedError
from api.context import ContextDep
from api.problems import ProblemError
from api.security import refuse_forgery

__all__ = ["Authorized", "Credentials", "MayOperate", "MayRead", "WhoAsks"]

REALM = 'Bearer realm="orderpulse"'

_bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="JWT",
    auto_error=False,
    description="A JWT with the scope `read`, and `operate` to start and stop. Not demanded on a developer's machine.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Authorized:
    """A dependency that lets callers with `scope` through, and gives the route the `Caller`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def __call__(self, request: Request, context: ContextDep, credentials: Credentials) -> Caller:
        """The caller. Raises a 401 without a usable token, a 403 without the scope (RFC 6750, section 3)."""
        if context.verifier is None:
            refuse_forgery(request, context.settings)
            return ANYONE
        if credentials is None:
            detail = "Send a token as `Authorization: Bearer ...`; this address is for holders of one."
            raise ProblemError(401, "A token is needed", detail, headers={"WWW-Authenticate": REALM})
        try:
            caller = context.verifier.verify(credentials.credentials)
        except TokenRefusedError as error:
            challenge = f'{REALM}, error="invalid_token", error_description="{error}"'
            detail = f"The token is not accepted: {error}. Get a new one and try again."
            raise ProblemError(
                401, "The token is not accepted", detail, headers={"WWW-Authenticate": challenge}
            ) from None
        if self._scope not in caller.scopes:
            challenge = f'{REALM}, error="insufficient_scope", scope="{self._scope}"'
            detail = f"The token lacks the scope `{self._scope}`; ask for one that has it."
            raise ProblemError(
                403, "The token does not allow this", detail, headers={"WWW-Authenticate": challenge}
            )
        return caller


async def _who_asks(context: ContextDep, credentials: Credentials) -> Caller:
    """The caller, for a route that is open: without a usable token it is nobody."""
    if context.verifier is None:
        return ANYONE
    try:
        return context.verifier.verify(credentials.credentials) if credentials else NOBODY
    except TokenRefusedError:
        return NOBODY


MayRead = Annotated[Caller, Depends(Authorized("read"))]
MayOperate = Annotated[Caller, Depends(Authorized("operate"))]
WhoAsks = Annotated[Caller, Depends(_who_asks)]
