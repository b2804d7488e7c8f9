"""Telling the webhook: each alert once, tried again with growing pauses.

The webhook's address is a secret: it is in no log, error or row.
"""

import logging
from datetime import timedelta
from typing import Any

import psycopg
import requests
from psycopg.rows import DictRow, dict_row

from core.clock import Clock, utc_now
from core.settings import AlertSettings
from core.tables import ALERT

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
STALE = timedelta(days=1)
"""An incident that is over and began longer ago is no news, as when a webhook is first configured."""

AT_ONCE = 5
"""Alerts of one round; each may take the whole time limit."""

_DUE = f"""
    SELECT id, attempts FROM {ALERT.name}
    WHERE delivered_at IS NULL AND attempts < %(attempts)s AND next_attempt_at <= %(now)s
        AND (closed_at IS NULL OR opened_at > %(stale)s)
    ORDER BY opened_at LIMIT %(limit)s
"""  # noqa: S608  # names from core.tables
_CLAIM = f"""
    UPDATE {ALERT.name} SET attempts = attempts + 1, next_attempt_at = %(next)s
    WHERE id = %(id)s AND attempts = %(attempts)s AND delivered_at IS NULL
    RETURNING id, incident, title, text, opened_at, closed_at, attempts
"""  # noqa: S608
_DELIVERED = f"UPDATE {ALERT.name} SET delivered_at = %(now)s, last_error = NULL WHERE id = %(id)s"  # noqa: S608
_FAILED = f"UPDATE {ALERT.name} SET last_error = %(error)s WHERE id = %(id)s"  # noqa: S608


def deliver_due(
    connection: psycopg.Connection[Any], settings: AlertSettings, clock: Clock = utc_now
) -> list[str | None]:
    """Post the alerts that are due; returns for each what went wrong, or None.

    Without a webhook nothing is sent and nothing changes. Raises psycopg's own errors.
    An attempt is counted before it is made, so that a process that dies in it does not repeat it at
    once. Delivery is at least once: only a death between the webhook's answer and its record repeats it.
    """
    done: list[str | None] = []
    if settings.webhook_url is None:
        return done
    now = clock()
    limits = {"attempts": settings.attempts, "now": now, "stale": now - STALE, "limit": AT_ONCE}
    with connection.cursor(row_factory=dict_row) as cursor:
        for due in cursor.execute(_DUE, limits).fetchall():
            claim = due | {"now": now, "next": now + pause(due["attempts"] + 1)}
            alert = cursor.execute(_CLAIM, claim).fetchone()
            if alert is None:
                continue  # another process was faster
            error = _post(settings.webhook_url.get_secret_value(), message(alert), settings.timeout_s)
            statement = _DELIVERED if error is None else _FAILED
            cursor.execute(statement, {"id": alert["id"], "now": now, "error": error})
            done.append(error)
    return done


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts: 10 s, then twice as long each time, at most an hour."""
    doublings = min(attempts - 1, 16)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def message(alert: DictRow) -> dict[str, Any]:
    """An alert as Slack takes it; `text` is what a notification shows."""
    when = f"Since {alert['opened_at']:%Y-%m-%d %H:%M} UTC"
    if alert["closed_at"]:
        when += f", over at {alert['closed_at']:%Y-%m-%d %H:%M} UTC"
    context = f"{when} · {alert['incident']}"
    return {
        "text": f"{alert['title']}: {alert['text']}",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": alert["title"][:150]}},
            {"type": "section", "text": {"type": "plain_text", "text": alert["text"][:3000]}},
            {"type": "context", "elements": [{"type": "plain_text", "text": context}]},
        ],
    }


def _post(url: str, body: dict[str, Any], timeout_s: float) -> str | None:
    """What went wrong, without the address, which `requests` puts into its errors; None if nothing did."""
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines hold the path
    try:
        answer = requests.post(url, json=body, timeout=timeout_s, allow_redirects=False)
    except requests.Timeout:
        return f"no answer within {timeout_s:g} s"
    except requests.ConnectionError:
        return "no connection: the host's name, its port or its certificate is wrong, or it is away"
    except (requests.RequestException, ValueError) as error:
        return f"the address in ORDERPULSE_ALERTS__WEBHOOK_URL is not usable ({type(error).__name__})"
    return None if 200 <= answer.status_code < 300 else f"it answered {answer.status_code}"
