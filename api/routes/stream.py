"""The live stream."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["stream"])
