"""`python -m intake map`: each sender's messages, as the stream keeps them, by the sources as they are."""

import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.settings import load_settings
from core.sources import KeptMessage, MappedMessage
from intake import exact_json
from tests.intake.senders import ALL_FIXTURES, Fixture, fixture

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def kept(message: Fixture, content: bytes | None = None, source: str | None = None) -> KeptMessage:
    """A message as the batch layer passes it on."""
    whole = message.received.body or message.received.query.encode()
    return KeptMessage(
        source=source or message.source,
        content=b64encode(whole if content is None else content),
        headers=dict(message.received.headers),
        received_at=NOW,
    )


def mapped(folder: Path, messages: list[KeptMessage]) -> list[MappedMessage]:
    found = subprocess.run(
        [sys.executable, "-m", "intake", "map", str(folder)],
        input="".join(f"{each.model_dump_json()}\n" for each in messages).encode(),
        capture_output=True,
        cwd=load_settings().root,
        check=True,
    )
    return [MappedMessage.model_validate_json(line) for line in found.stdout.splitlines()]


def test_every_senders_messages_give_the_events_that_intake_would_have_sent(tmp_path: Path) -> None:
    answers = mapped(tmp_path, [kept(message) for message in ALL_FIXTURES])
    for message, answer in zip(ALL_FIXTURES, answers, strict=True):
        assert answer.reason == message.unmapped, message
        expected = [event["id"] for event in message.expected or ()]
        assert [exact_json.loads(event)["id"] for event in answer.events][: len(expected)] == expected


def test_what_does_not_map_gives_a_reason_that_a_database_can_hold(tmp_path: Path) -> None:
    stripe = fixture("stripe", "unknown")
    (tmp_path / "broken.yaml").write_text("title: [", encoding="utf-8")
    answers = mapped(
        tmp_path,
        [
            kept(stripe, rb'{"type": "x\ud83d\u0000"}'),
            kept(stripe, b"\xff"),
            kept(stripe, source="gone"),
            kept(stripe, source="broken"),
            kept(stripe, source="../stripe"),
        ],
    )
    reasons = [answer.reason for answer in answers]
    assert reasons == ["unknown_message", "not_utf8", "no_such_source", "source_unusable", "no_such_source"]
    assert "\0" not in (answers[0].detail or "")


@pytest.mark.parametrize("line", [b"{}\n", b"no json\n"])
def test_anything_else_is_an_error(tmp_path: Path, line: bytes) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "intake", "map", str(tmp_path)],
        input=line,
        capture_output=True,
        cwd=load_settings().root,
        check=False,
    )
    assert found.returncode != 0
    assert found.stdout == b""
