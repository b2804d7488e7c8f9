"""Incidents in `ops.alert`: one row from the moment something goes wrong until it is well again.

An incident has a name: `service:<name>` for a process that was given up, `check:<asset>/<check>`
for a check that failed. One that is open is not opened again, so one incident is one alert.
"""

from typing import Any

import psycopg

from core.tables import ALERT

__all__ = ["check_incident", "close_incident", "open_incident", "open_incidents", "service_incident"]

OPEN = f"""
    INSERT INTO {ALERT.name} (incident, title, text) VALUES (%s, %s, %s)
    ON CONFLICT (incident) WHERE closed_at IS NULL DO NOTHING
"""  # noqa: S608  # names from core.tables
CLOSE = f"UPDATE {ALERT.name} SET closed_at = clock_timestamp() WHERE incident = %s AND closed_at IS NULL"  # noqa: S608
OPEN_ONES = f"SELECT incident FROM {ALERT.name} WHERE closed_at IS NULL"  # noqa: S608


def service_incident(name: str) -> str:
    """Name of the incident of a service."""
    return f"service:{name}"


def check_incident(key: str) -> str:
    """Name of the incident of a check, by its asset and name."""
    return f"check:{key}"


def open_incident(connection: psycopg.Connection[Any], incident: str, title: str, text: str) -> None:
    """Open `incident`; one that is open stays as it is."""
    connection.execute(OPEN, (incident, title, text))


def close_incident(connection: psycopg.Connection[Any], incident: str) -> None:
    """Close `incident`, if it is open."""
    connection.execute(CLOSE, (incident,))


def open_incidents(connection: psycopg.Connection[Any]) -> set[str]:
    """Names of the incidents that are open."""
    cursor = connection.cursor(row_factory=psycopg.rows.tuple_row)
    return {incident for (incident,) in cursor.execute(OPEN_ONES)}
