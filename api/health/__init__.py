"""How the platform is, in words: each component's state, one sentence, and what to do."""

from api.health.components import Source
from api.health.report import read_health, read_summary
from api.health.standing import Standing, StandingReader

__all__ = ["Source", "Standing", "StandingReader", "read_health", "read_summary"]
