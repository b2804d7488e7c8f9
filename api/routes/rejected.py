"""Records that broke a rule."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["rejected"])
