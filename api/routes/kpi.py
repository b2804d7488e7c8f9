"""KPIs of a range, and minute by minute."""

from fastapi import APIRouter

__all__ = ["router"]

router = APIRouter(tags=["kpi"])
