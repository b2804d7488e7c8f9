"""Records that Kafka deleted before they were read: the check fails for a day."""

from control.words import count
from database.losses import Loss, in_words
from orchestration.defs.quality.verdict import Verdict, failed, passed

DESCRIPTION = (
    "In the last ORDERPULSE_CHECKS__LOSS_HOURS Kafka deleted no unread records, neither by retention nor with "
    "the topic. If it fails, the result lists the offsets; ops.records_lost keeps them. The stream has "
    "continued automatically. If a producer still has the records, send them again: duplicates count once."
)


def evaluate(losses: list[Loss], hours: int) -> Verdict:
    """Judge the losses noticed in the last `hours`."""
    known = sum(loss.records or 0 for loss in losses)
    metadata: dict[str, int | float | str] = {"hours": hours, "records lost": known}
    if not losses:
        return passed(f"Nothing was lost in {count(hours, 'hours')}.", metadata)
    advice = "If a producer still has them, send them again. A longer retention.ms of the topic or shorter downtime avoids such losses."
    return failed(f"{in_words(losses)} {advice}", metadata)
