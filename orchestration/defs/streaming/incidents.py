"""Incidents of the services in `ops.alert`: one row from the moment one is given up until it is well again."""

from typing import Any

import psycopg

from core.tables import ALERT

__all__ = ["close_incident", "open_incident", "open_incidents"]

OPEN = f"""
    INSERT INTO {ALERT.name} (incident, title, text) VALUES (%s, %s, %s)
    ON CONFLICT (incident) WHERE closed_at IS NULL DO NOTHING
"""  # noqa: S608  # names from core.tables
CLOSE = f"UPDATE {ALERT.name} SET closed_at = clock_timestamp() WHERE incident = %s AND closed_at IS NULL"  # noqa: S608
OPEN_ONES = f"SELECT incident FROM {ALERT.name} WHERE closed_at IS NULL AND incident LIKE 'service:%'"  # noqa: S608
PREFIX = "service:"


def open_incident(connection: psycopg.Connection[Any], service: str, title: str, text: str) -> None:
    """Open the incident of a service; one that is open stays as it is."""
    connection.execute(OPEN, (PREFIX + service, title, text))


def close_incident(connection: psycopg.Connection[Any], service: str) -> None:
    """Close the incident of a service, if one is open."""
    connection.execute(CLOSE, (PREFIX + service,))


def open_incidents(connection: psycopg.Connection[Any]) -> set[str]:
    """Names of the services with an open incident."""
    cursor = connection.cursor(row_factory=psycopg.rows.tuple_row)
    return {incident.removeprefix(PREFIX) for (incident,) in cursor.execute(OPEN_ONES)}
