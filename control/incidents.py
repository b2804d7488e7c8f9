"""Incidents in `ops.alert`: one row from the moment something goes wrong until it is healthy again.

An incident's name is `service:<name>` for repeated failures of a process, `check:<asset>/<check>`
for a failed check. An open incident is not opened again, so one incident is one alert.
"""

from typing import Any

import psycopg

from core.tables import ALERT

OPEN = f"""
    INSERT INTO {ALERT.name} (incident, title, text) VALUES (%s, %s, %s)
    ON CONFLICT (incident) WHERE closed_at IS NULL DO NOTHING
"""  # noqa: S608  # names from core.tables
CLOSE = f"UPDATE {ALERT.name} SET closed_at = clock_timestamp() WHERE incident = %s AND closed_at IS NULL"  # noqa: S608  # as above
OPEN_INCIDENTS_SQL = f"""
    SELECT incident, title, text, opened_at FROM {ALERT.name} WHERE closed_at IS NULL ORDER BY opened_at DESC
"""  # noqa: S608  # as above


def service_incident(name: str) -> str:
    """Name of the incident of a service."""
    return f"service:{name}"


def check_incident(key: str) -> str:
    """Name of the incident of a check, by its asset and name."""
    return f"check:{key}"


def open_incident(connection: psycopg.Connection[Any], incident: str, title: str, text: str) -> None:
    """Open `incident`, unless it is open."""
    connection.execute(OPEN, (incident, title, text))


def close_incident(connection: psycopg.Connection[Any], incident: str) -> None:
    """Close `incident`, if it is open."""
    connection.execute(CLOSE, (incident,))
