"""How the platform is."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["health"])
