"""What the routes share: made once when the application starts, found in its state."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.database import Database
from core.settings import Settings

__all__ = ["Context", "ContextDep"]


@dataclass(frozen=True, slots=True)
class Context:
    """The settings and the open resources of the application."""

    settings: Settings
    database: Database


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


ContextDep = Annotated[Context, Depends(_context)]
