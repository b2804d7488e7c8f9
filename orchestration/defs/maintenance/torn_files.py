"""Which files of a checkpoint must go so that Spark repeats its last batch, and when that is not safe.

After a full disk or a power cut the newest files may be cut off, and Spark cannot start. Without a
batch's commit Spark repeats the batch with the same offsets, which its row in the ledger makes harmless.
Without its offsets Spark cuts the batch anew, which is harmless only where the ledger has no row of it.
"""

from pathlib import Path

from core.errors import CheckpointError
from orchestration.checkpoint import BatchLog, Checkpoint

__all__ = ["torn_files"]

BEGIN_ANEW = "Reset it with keep_offsets=false: a new checkpoint reads the topic from its start, and rows are written once."


def torn_files(checkpoint: Checkpoint, committed: set[int]) -> list[Path]:
    """The unreadable newest files of `commits/` and `offsets/`, without which the query goes on.

    `committed` are the newest batches in the ledger, by this checkpoint's query id. Raises
    `CheckpointError` where going on could lose or repeat records.
    """
    where = str(checkpoint.folder)
    if checkpoint.query_id is None:
        raise CheckpointError(f"The file metadata of {where} is missing or unreadable. {BEGIN_ANEW}")
    torn = {log: _newest_torn(getattr(checkpoint, log)) for log in ("commits", "offsets")}
    if not any(torn.values()):
        return []
    newest_offsets = _newest_good(checkpoint.offsets)
    newest_commit = _newest_good(checkpoint.commits)
    if newest_offsets is None:
        raise CheckpointError(f"No file of {where}/offsets is readable. {BEGIN_ANEW}")
    beyond = [batch for batch in (*committed, newest_commit or 0) if batch > newest_offsets]
    if beyond:
        raise CheckpointError(
            f"Batch {max(beyond)} was committed, but its offsets in {where} are unreadable: Spark would cut it "
            f"differently and meet its row in the ledger. {BEGIN_ANEW}"
        )
    first_repeated = 0 if newest_commit is None else newest_commit + 1
    skipped = set(range(first_repeated, newest_offsets)) - committed
    if skipped:
        raise CheckpointError(
            f"Spark would repeat batch {newest_offsets} of {where} alone, but batch {min(skipped)} before it is not in "
            f"the ledger and would be lost. {BEGIN_ANEW}"
        )
    return [checkpoint.folder / log / str(batch) for log, batches in torn.items() for batch in batches]


def _newest_good(log: BatchLog) -> int | None:
    return max((batch for batch in log.batch_ids if batch not in log.faults), default=None)


def _newest_torn(log: BatchLog) -> list[int]:
    """The unreadable batches after the newest readable one."""
    good = _newest_good(log)
    return [batch for batch in log.batch_ids if good is None or batch > good]
