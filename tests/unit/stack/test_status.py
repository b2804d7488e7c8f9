"""What `status --json` tells a program that asks."""

from dataclasses import replace

import pytest

from stack.local.status import Status, as_json

WELL = Status("supervisord", "running", 7, None, "healthy", 60, "supervisord.log")
STOPPED = Status("kafka", "stopped", None, 9092, None, None, "kafka.log")


def test_what_was_stopped_does_not_make_the_platform_unhealthy() -> None:
    assert as_json([WELL, STOPPED])["healthy"] is True
    assert as_json([STOPPED])["healthy"] is False


@pytest.mark.parametrize("state", ["backoff", "fatal"])
def test_a_program_that_cannot_stay_up_does(state: str) -> None:
    assert as_json([WELL, replace(STOPPED, state=state)])["healthy"] is False
