"""Failed checks as incidents in `ops.alert`: one row from the failure until the check passes again."""

from typing import Any

import psycopg

from core.tables import ALERT
from orchestration.defs.quality.catalogue import Check
from orchestration.defs.quality.verdict import Verdict

__all__ = ["close_incident", "open_incident"]

OPEN = f"""
    INSERT INTO {ALERT.name} (incident, title, text) VALUES (%s, %s, %s)
    ON CONFLICT (incident) WHERE closed_at IS NULL DO NOTHING
"""  # noqa: S608  # names from core.tables
CLOSE = f"UPDATE {ALERT.name} SET closed_at = clock_timestamp() WHERE incident = %s AND closed_at IS NULL"  # noqa: S608


def open_incident(connection: psycopg.Connection[Any], check: Check, verdict: Verdict) -> None:
    """Open the incident of a failed check; one that is open stays as it is."""
    connection.execute(OPEN, (_incident(check), f"{check.name} of {check.asset} failed", verdict.description))


def close_incident(connection: psycopg.Connection[Any], check: Check) -> None:
    """Close the incident of a check, if one is open."""
    connection.execute(CLOSE, (_incident(check),))


def _incident(check: Check) -> str:
    return f"check:{check.key}"
