"""The platform's state at one moment, read once and judged by whoever needs it."""

from orchestration.observation.model import Observation, QueryState, Rejects, ServiceState
from orchestration.observation.read import observe

__all__ = ["Observation", "QueryState", "Rejects", "ServiceState", "observe"]
