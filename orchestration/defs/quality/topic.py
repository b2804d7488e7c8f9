"""The topic's settings: another tool may have created or changed it."""

from control.topic_state import MEND, Difference
from orchestration.defs.quality.verdict import Verdict, failed, passed, unknown, warned

DESCRIPTION = (
    "The topic has the settings of set-up: Kafka's timestamps (LogAppendTime), no compaction, 24 hours of "
    f"retention, three or more partitions. If it fails: `{MEND}` corrects the settings it names, without "
    "downtime."
)


def evaluate(found: list[Difference] | None) -> Verdict:
    """Judge the differences; None if the broker did not answer."""
    if found is None:
        return unknown("Unknown: the broker does not return the topic's settings.", {})
    metadata: dict[str, int | float | str] = {each.setting: each.found for each in found}
    if not found:
        return passed("The topic is as set-up creates it.", metadata)
    words = f"{'; '.join(map(str, found))}. Run `{MEND}`; it needs no downtime."
    return (failed if any(each.grave for each in found) else warned)(words, metadata)
