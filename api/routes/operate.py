"""Start, stop, set the rate: through Dagster."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["operate"])
