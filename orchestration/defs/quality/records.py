"""Records that did not become events: rejected ones, and those that the watermark dropped."""

from control.limits import HEALING_S
from control.observation import Observation
from control.rejects import WINDOW_MINUTES
from control.words import ago, count
from orchestration.defs.quality.verdict import Verdict, failed, passed, warned

REJECTED_DESCRIPTION = (
    "The share of rejected records in the last 15 minutes is at most ORDERPULSE_CHECKS__REJECT_SHARE. If it fails: the "
    "reasons say which rule was broken (docs/events.md); tell the producer. Nothing is lost: the records are in "
    "ops.events_rejected, and the job replay_rejected validates them again."
)
DROPPED_DESCRIPTION = (
    "At most ORDERPULSE_CHECKS__DROPPED_RECORDS were dropped by the watermark and not brought back yet. The stream "
    "brings them back by itself once their minutes are settled. If it fails: run the job reprocess_from_kafka "
    "over the offsets of the batch (ops.stream_batch) while Kafka still has them, for 24 hours."
)


def evaluate_rejected(observation: Observation, limit_share: float) -> Verdict:
    """Judge the share; a warning, for the records are the producer's."""
    found, reasons = observation.rejects, observation.reject_reasons
    metadata: dict[str, int | float | str] = {
        "limit, share": limit_share,
        "share": round(found.share, 4),
        "records": found.total,
    }
    metadata |= {f"rejected: {reason}": records for reason, records in reasons.items()}
    if not found.is_known:
        return passed(
            f"{count(found.total)} in {WINDOW_MINUTES} minutes: too few to judge a share.", metadata
        )
    summary = f"{found.share:.1%} of {count(found.total)} in {WINDOW_MINUTES} minutes were rejected"
    if not found.exceeds(limit_share):
        return passed(f"{summary}.", metadata)
    by_reason = ", ".join(f"{reason} {records:,}" for reason, records in reasons.items())
    return warned(
        f"{summary}; {limit_share:.1%} is allowed. By reason: {by_reason}. Their bytes are in ops.events_rejected; "
        "tell the producer, and run the job replay_rejected after a change of the rules.",
        metadata,
    )


def evaluate_dropped(observation: Observation, limit_records: int) -> Verdict:
    """Judge what is not healed: a warning while the stream may still do it, then an incident."""
    dropped, age_s = observation.dropped_unhealed_records, observation.dropped_age_s
    metadata: dict[str, int | float | str] = {"limit, records": limit_records, "not healed, records": dropped}
    if dropped <= limit_records:
        return passed(f"{count(dropped)} dropped by the watermark wait to be brought back.", metadata)
    summary = f"{count(dropped)} dropped by the watermark are not brought back, the oldest for {ago(age_s)}. "
    if age_s is not None and age_s <= HEALING_S:
        return warned(summary + "The stream does that by itself once their minutes are settled.", metadata)
    return failed(
        summary
        + "Is the stream running? If it is, run the job reprocess_from_kafka over the offsets of these batches: "
        "rows of ops.stream_batch with records_dropped_by_watermark > 0 and no healed_at.",
        metadata,
    )
