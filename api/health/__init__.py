"""How the platform is: each component's state, a sentence, and what to do."""

from api.health.components import Source
from api.health.report import read_health, read_summary
