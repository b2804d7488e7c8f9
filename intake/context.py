"""What the routes share: made once when the application starts."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from core.clock import Clock
from core.settings import Settings
from intake.figures import Figures
from intake.mapping.registry import Registry
from intake.outlet import Outlet
from intake.rate import RateLimit
from intake.recent import History
from intake.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Context:
    """The settings and the open resources of the application."""

    settings: Settings
    outlet: Outlet
    sources: Registry
    secrets: Secrets
    rate: RateLimit
    figures: Figures
    history: History
    senders: History
    clock: Clock


async def _context(request: Request) -> Context:  # FastAPI would run a plain function on another thread
    found: Context = request.app.state.context
    return found


ContextDep = Annotated[Context, Depends(_context)]
