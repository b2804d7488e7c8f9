"""Delivery of alerts to a real web server on this machine, which fails as it is told."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import psycopg
import pytest
from pydantic import SecretStr

from core.clock import Clock
from core.settings import AlertSettings, PostgresSettings, Settings
from orchestration.defs.quality.alerts import alert_sensor
from orchestration.defs.quality.delivery import deliver_due, pause
from orchestration.resources import PostgresResource
from stack.host.environment import settings_as_environment

Connection = psycopg.Connection[tuple[object, ...]]
SECRET = "T0SECRET/B0SECRET/hush"  # of the address, as Slack's are
STATE = "SELECT attempts, delivered_at IS NOT NULL, last_error FROM ops.alert"


class Webhook(ThreadingHTTPServer):
    """Answers with the given codes in turn, then with 200; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.codes: list[int] = []
        self.received: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/services/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        code = self.server.codes.pop(0) if self.server.codes else 200
        if code == 200:
            self.server.received.append(json.loads(body))
        self.send_response(code)
        if code == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to the tests' output."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def alert(connection: Connection) -> datetime:
    """One open incident; returns the present."""
    connection.execute(
        "INSERT INTO ops.alert (incident, title, text) VALUES ('service:generator', 'Generator given up', 'It ended 5 times.')"
    )
    return datetime.now(UTC) + timedelta(seconds=1)


def to(url: str, **others: Any) -> AlertSettings:
    return AlertSettings(webhook_url=SecretStr(url), **others)


def test_an_alert_is_tried_again_and_delivered_once(
    webhook: Webhook, connection: Connection, alert: datetime
) -> None:
    webhook.codes = [500, 503]
    now, settings = alert, to(webhook.url)

    def deliver() -> list[str | None]:
        return deliver_due(connection, settings, lambda: now)

    assert deliver() == ["it answered 500"]
    assert connection.execute(STATE).fetchone() == (1, False, "it answered 500")
    assert deliver() == [], "its pause is not over"
    now += timedelta(seconds=10)
    assert deliver() == ["it answered 503"]
    now += timedelta(seconds=10)
    assert deliver() == [], "the second pause is longer"
    now += timedelta(seconds=10)
    assert deliver() == [None]
    assert connection.execute(STATE).fetchone() == (3, True, None)
    now += timedelta(days=1)
    assert deliver() == []
    (received,) = webhook.received
    assert received["text"] == "Generator given up: It ended 5 times."
    assert received["blocks"][0] == {
        "type": "header",
        "text": {"type": "plain_text", "text": "Generator given up"},
    }
    assert "service:generator" in received["blocks"][2]["elements"][0]["text"]


def test_pauses_grow_to_an_hour() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3, 9, 10, 20)] == [10, 20, 40, 2560, 3600, 3600]


def stopped(now: datetime) -> Clock:
    return lambda: now


def test_attempts_have_an_end(webhook: Webhook, connection: Connection, alert: datetime) -> None:
    webhook.codes = [500] * 10
    for hour in range(5):
        deliver_due(connection, to(webhook.url, attempts=2), stopped(alert + timedelta(hours=hour)))
    assert connection.execute(STATE).fetchone() == (2, False, "it answered 500")


def test_without_a_webhook_rows_are_kept(connection: Connection, alert: datetime) -> None:
    assert deliver_due(connection, AlertSettings(), lambda: alert) == []
    assert connection.execute(STATE).fetchone() == (0, False, None)


def test_an_incident_that_is_over_reports_it_and_an_old_one_is_no_news(
    webhook: Webhook, connection: Connection, alert: datetime
) -> None:
    connection.execute("UPDATE ops.alert SET closed_at = now()")
    connection.execute(
        "INSERT INTO ops.alert (incident, title, text, opened_at, closed_at) VALUES ('check:a/b', 'old', 'x', now() - interval '2 days', now())"
    )
    assert deliver_due(connection, to(webhook.url), lambda: alert) == [None]
    (received,) = webhook.received
    assert ", over at 20" in received["blocks"][2]["elements"][0]["text"]


def _closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("refused", "no connection"),
        ("silent", "no answer within 0.2 s"),
        ("redirect", "it answered 302"),
        ("no scheme", "is not usable (MissingSchema)"),
        ("bad host", "is not usable (InvalidURL)"),
        ("rejected", "it answered 404"),
    ],
)
def test_the_address_is_in_no_error_row_or_log(
    kind: str,
    words: str,
    webhook: Webhook,
    connection: Connection,
    alert: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook.codes = [302 if kind == "redirect" else 404]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = {
            "refused": f"http://127.0.0.1:{_closed_port()}/{SECRET}",
            "silent": f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}",
            "no scheme": SECRET,
            "bad host": f"http://[{SECRET}",
        }.get(kind, webhook.url)
        settings = to(url, timeout_s=0.2)
        (error,) = deliver_due(connection, settings, lambda: alert)
    assert error is not None
    assert words in error
    row = connection.execute("SELECT row_to_json(a)::text FROM ops.alert AS a").fetchone()
    for said in (error, str(row), caplog.text, repr(settings)):
        assert "SECRET" not in said, said
    assert webhook.received == []


@pytest.fixture
def environment(settings: Settings, database: PostgresSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_as_environment(settings.model_copy(update={"postgres": database})).items():
        monkeypatch.setenv(name, value)


def tick() -> str:
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance=instance, resources={"postgres": PostgresResource()}) as context,
    ):
        result = alert_sensor(context)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def test_the_sensor_explains_what_it_did_and_no_secret(
    environment: None,
    webhook: Webhook,
    connection: Connection,
    alert: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert tick().startswith("No webhook is configured")
    webhook.codes = [500]
    monkeypatch.setenv("ORDERPULSE_ALERTS__WEBHOOK_URL", webhook.url)
    assert tick() == "0 delivered; the webhook: it answered 500"
    connection.execute("UPDATE ops.alert SET next_attempt_at = now()")
    assert tick() == "1 delivered"
    assert tick() == "0 delivered"
    monkeypatch.setenv("ORDERPULSE_POSTGRES__PORT", "1")
    assert tick().startswith("The database does not answer")
