"""Dependencies of routes: the caller, or a caller with a scope."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth.caller import ANYONE, NOBODY, Caller, Scope
from api.auth.verifier import TokenRefusedError
from api.context import ContextDep
from api.edge.problems import ProblemError
from api.edge.security import refuse_forgery

REALM = 'Bearer realm="orderpulse"'

_bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="JWT",
    auto_error=False,
    description="A JWT with the scope `read`, and `operate` to start and stop. Not required on a developer's machine.",
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True, slots=True)
class Authorized:
    """A dependency that requires `scope` and passes the `Caller` to the route.

    Equal ones are evaluated once per request.
    """

    scope: Scope

    async def __call__(self, request: Request, context: ContextDep, credentials: Credentials) -> Caller:
        """The caller. Raises a 401 without a valid token, a 403 without the scope (RFC 6750, section 3)."""
        if context.verifier is None:
            refuse_forgery(request, context.settings)
            return ANYONE
        if credentials is None:
            detail = "Send a token as `Authorization: Bearer ...`."
            raise ProblemError(
                401, "token_missing", "A token is required", detail, headers={"WWW-Authenticate": REALM}
            )
        try:
            caller = context.verifier.verify(credentials.credentials)
        except TokenRefusedError as error:
            challenge = f'{REALM}, error="invalid_token", error_description="{error}"'
            detail = f"The token is not accepted: {error}. Get a new one and try again."
            raise ProblemError(
                401,
                "token_refused",
                "The token is not accepted",
                detail,
                headers={"WWW-Authenticate": challenge},
            ) from None
        if self.scope not in caller.scopes:
            challenge = f'{REALM}, error="insufficient_scope", scope="{self.scope}"'
            detail = f"The token lacks the scope `{self.scope}`; request a token that has it."
            raise ProblemError(
                403,
                "scope_missing",
                "The token does not allow this",
                detail,
                values={"scope": self.scope},
                headers={"WWW-Authenticate": challenge},
            )
        return caller


async def _optional_caller(context: ContextDep, credentials: Credentials) -> Caller:
    """The caller of an open route: `NOBODY` without a valid token."""
    if context.verifier is None:
        return ANYONE
    try:
        return context.verifier.verify(credentials.credentials) if credentials else NOBODY
    except TokenRefusedError:
        return NOBODY


MayRead = Annotated[Caller, Depends(Authorized("read"))]
MayOperate = Annotated[Caller, Depends(Authorized("operate"))]
OptionalCaller = Annotated[Caller, Depends(_optional_caller)]
