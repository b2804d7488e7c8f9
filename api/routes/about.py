"""Who asks, and what the platform is."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["about"])
