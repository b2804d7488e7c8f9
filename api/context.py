"""Resources shared by the routes: created at the application's start, stored in its state."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.auth import TokenVerifier
from api.dagster import Dagster
from api.database import Database
from api.edge.conditional import Tagged
from api.edge.shared import Shared
from api.health import Source
from api.intake import Intake
from api.live import Live
from api.metrics import Exposition
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The application's settings and open resources. `verifier`: None if no tokens are required."""

    settings: Settings
    database: Database
    verifier: TokenVerifier | None
    dagster: Dagster
    intake: Intake
    health: Source
    live: Live
    exposition: Exposition
    answers: Shared[Tagged]
    files: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held while a file is created, which takes seconds of processor time."""


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


ContextDep = Annotated[Context, Depends(_context)]
