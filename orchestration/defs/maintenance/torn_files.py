"""The files of a checkpoint to remove so that Spark repeats its last batch, if that is safe.

After a full disk or a power cut the newest files may be truncated, and Spark cannot start. Without a
batch's commit Spark repeats the batch with the same offsets, which its row in the ledger makes harmless.
Without its offsets Spark forms a new batch, which is harmless only if the ledger has no row for it.
"""

from pathlib import Path

from control.checkpoint_logs import BatchLog, Checkpoint
from core.errors import CheckpointError

START_OVER = "Reset it with keep_offsets=false: a new checkpoint reads the topic from its start, and rows are written once."


def torn_files(checkpoint: Checkpoint, committed: set[int]) -> list[Path]:
    """The unreadable newest files of `commits/` and `offsets/`, without which the query continues.



    `committed` are the newest batches in the ledger, by this checkpoint's query id. Raises
    `CheckpointError` if continuing could lose or repeat records.
    """
    where = str(checkpoint.folder)
    if checkpoint.query_id is None:
        raise CheckpointError(f"The file metadata of {where} is missing or unreadable. {START_OVER}")
    torn = {log: _newest_torn(getattr(checkpoint, log)) for log in ("commits", "offsets")}
    if not any(torn.values()):
        return []
    newest_offsets = _newest_good(checkpoint.offsets)
    newest_commit = _newest_good(checkpoint.commits)
    if newest_offsets is None:
        raise CheckpointError(f"No file of {where}/offsets is readable. {START_OVER}")
    beyond = [batch for batch in (*committed, newest_commit or 0) if batch > newest_offsets]
    if beyond:
        raise CheckpointError(
            f"Batch {max(beyond)} was committed, but its offsets in {where} are unreadable: Spark would form it "
            f"differently and find its row in the ledger. {START_OVER}"
        )
    first_repeated = 0 if newest_commit is None else newest_commit + 1
    skipped = set(range(first_repeated, newest_offsets)) - committed
    if skipped:
        raise CheckpointError(
            f"Spark would repeat batch {newest_offsets} of {where} alone, but batch {min(skipped)} before it is not in "
            f"the ledger and would be lost. {START_OVER}"
        )
    return [checkpoint.folder / log / str(batch) for log, batches in torn.items() for batch in batches]


def _newest_good(log: BatchLog) -> int | None:
    return max((batch for batch in log.batch_ids if batch not in log.faults), default=None)


def _newest_torn(log: BatchLog) -> list[int]:
    """The unreadable batches after the newest readable one."""
    good = _newest_good(log)
    return [batch for batch in log.batch_ids if good is None or batch > good]
