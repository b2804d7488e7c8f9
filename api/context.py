"""What the routes share: made once when the application starts, found in its state."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.auth import TokenVerifier
from api.conditional import Tagged
from api.dagster import Dagster
from api.database import Database
from api.health import Source
from api.live import Live
from api.metrics import Exposition
from api.shared import Shared
from core.settings import Settings

__all__ = ["Context", "ContextDep"]


@dataclass(frozen=True, slots=True)
class Context:
    """The settings and the open resources of the application. `verifier`: None where no tokens are demanded."""

    settings: Settings
    database: Database
    verifier: TokenVerifier | None
    dagster: Dagster
    health: Source
    live: Live
    exposition: Exposition
    answers: Shared[Tagged]


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


ContextDep = Annotated[Context, Depends(_context)]
