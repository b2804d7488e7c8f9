"""Differences between the topic and the one that the set-up creates, for `up`."""

from control.topic_state import MEND, Difference, differences, read_state
from core.settings import Settings
from core.topics import EVENTS_RAW


def report(settings: Settings) -> list[str]:
    """The differences, one sentence each, with the command that corrects them. Raises `BrokerError`."""
    found = [str(each) for each in topic_differences(settings)]
    return [*found, f"`{MEND}` corrects this without downtime"] if found else []


def topic_differences(settings: Settings) -> list[Difference]:
    """The differences. Raises `BrokerError` if the broker does not respond."""
    return differences(read_state(settings.kafka), EVENTS_RAW, settings.kafka)
