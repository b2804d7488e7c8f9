"""`python -m tests.intake.play`, which a newcomer runs: what it says, and that every message can be sent."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.intake.play import chosen
from tests.intake.senders import ALL_FIXTURES, ALL_TIMES, SECRETS, Fixture, at, signed

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("sent", ALL_FIXTURES, ids=str)
def test_every_message_can_be_sent_with_present_times(sent: Fixture) -> None:
    """Also one that gives no event, or several, or does not map."""
    assert chosen([sent.source, sent.name]) == sent
    moved = at(sent, NOW)
    written = moved.body.decode() + moved.query
    if ALL_TIMES.search(sent.body.decode() + sent.query):
        assert written != sent.body.decode() + sent.query
    ready = signed(sent.source, moved, SECRETS[sent.source], NOW + timedelta(seconds=1))
    assert ready != moved, "it carries a signature"


def test_help_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        chosen(["-h"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert "usage: python -m tests.intake.play" in text
    assert all(each.name in text for each in ALL_FIXTURES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["magento", "created"], r"There is no source 'magento'; there are momo, paypal, .*zalopay\.$"),
        (
            ["woocommerce", "x"],
            r"woocommerce has no message 'x'; it has created, .*updated_paid, updated_refunded\.$",
        ),
    ],
)
def test_an_unknown_name_gets_one_sentence_with_the_known_ones(arguments: list[str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        chosen(arguments)
