"""For machines: alive, ready, metrics."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["probes"])
