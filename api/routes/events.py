"""Events, orders and their journeys."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["events"])
