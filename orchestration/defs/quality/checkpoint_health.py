"""A query's checkpoint: whole, moving, bounded, and of one mind with the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass

from control.checkpoint_logs import BatchLog, Checkpoint
from control.judge import is_starting
from control.observation import CheckpointState, Observation
from control.state import QueryState
from control.words import ago, count
from orchestration.defs.quality.verdict import Verdict, failed, passed, unknown, warned

DESCRIPTION = (
    "Offsets and commits advance while records wait (ORDERPULSE_CHECKS__CHECKPOINT_STALL_S), no batch is missing or "
    "unreadable, the ledger ops.stream_batch agrees, the size is bounded (ORDERPULSE_CHECKS__CHECKPOINT_SIZE_MB). "
    "If it fails, its own words name the way out; the ledger makes every repetition harmless."
)
REPEAT = (
    "stop the stream (job stop_spark_stream), run the job reset_checkpoint with keep_offsets=true, "
    "start it (job start_spark_stream): Spark repeats the batch, which the ledger makes harmless"
)
RESET_ADVICE = (
    "stop the stream (job stop_spark_stream), run the job reset_checkpoint with keep_offsets=false, "
    "start it (job start_spark_stream): it reads the topic again from its beginning, and each row is written once"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, in a sentence without its full stop; `grave` if it is an incident."""

    words: str
    grave: bool = True


def evaluate(observation: Observation, name: str, stall_s: float, limit_mb: int) -> Verdict:
    """Judge the checkpoint of the query `name`."""
    query, found = observation.queries[name], observation.checkpoints[name]
    checkpoint = found.checkpoint
    metadata: dict[str, int | float | str] = {"stall, s": stall_s, "limit, MB": limit_mb}
    if checkpoint is None:
        return _missing(observation, query, stall_s, metadata)
    metadata |= _figures(found, checkpoint)
    faults = [
        *_unreadable(checkpoint),
        *_disordered(checkpoint),
        *_against_the_ledger(found, checkpoint),
        *_stalled(observation, query, found.age_s, stall_s),
        *_too_large(checkpoint, limit_mb),
    ]
    if not faults:
        return passed(f"Batch {checkpoint.commits.newest} is committed; the ledger agrees.", metadata)
    words = " ".join(f"{fault.words}." for fault in faults)
    return (failed if any(fault.grave for fault in faults) else warned)(words, metadata)


def _missing(
    observation: Observation, query: QueryState, stall_s: float, metadata: dict[str, int | float | str]
) -> Verdict:
    age_s = query.commit_age_s
    if observation.stream.wanted and age_s is not None and age_s <= stall_s:
        return failed(
            f"A batch was committed {ago(age_s)} ago, but its checkpoint is not in ORDERPULSE_STREAM__CHECKPOINT_DIR. "
            "It was removed under the running stream, or the stream runs with another folder: run the job "
            "restart_spark_stream; it reads the topic again from its beginning, and each row is written once.",
            metadata,
        )
    return unknown("There is no checkpoint yet; the first start of the stream makes one.", metadata)


def _figures(found: CheckpointState, checkpoint: Checkpoint) -> dict[str, int | float | str]:
    figures = {
        "newest offsets, batch": checkpoint.offsets.newest,
        "newest commit, batch": checkpoint.commits.newest,
        "newest in the ledger, batch": found.ledger_batch_id,
        "size, bytes": checkpoint.size_bytes,
        "age, s": None if found.age_s is None else round(found.age_s, 1),
    }
    return {name: figure for name, figure in figures.items() if figure is not None}


def _unreadable(checkpoint: Checkpoint) -> Iterator[Fault]:
    if checkpoint.query_id is None:
        yield Fault(f"The file metadata of {checkpoint.folder.name} is missing or damaged; {RESET_ADVICE}")
    yield from _torn("commit", checkpoint.commits, REPEAT)
    yield from _torn("offset", checkpoint.offsets, REPEAT)


def _torn(kind: str, log: BatchLog, way_out: str) -> Iterator[Fault]:
    for batch_id, fault in log.faults.items():
        summary = f"The {kind} file of batch {batch_id} {fault}"
        if batch_id == log.newest:
            yield Fault(
                f"{summary}, as after a power cut or on a full disk, and Spark cannot start with it; {way_out}"
            )
        else:
            yield Fault(
                f"{summary}. Newer batches are whole, and Spark starts with the newest alone: nothing to do, it is "
                f"removed with its batch. Should a start fail all the same, {way_out}",
                grave=False,
            )


def _disordered(checkpoint: Checkpoint) -> Iterator[Fault]:
    for kind, log in (("offset", checkpoint.offsets), ("commit", checkpoint.commits)):
        if log.gaps:
            missing = ", ".join(str(batch_id) for batch_id in log.gaps[:5])
            yield Fault(
                f"{count(len(log.gaps), f'{kind} files')} missing among the retained ones ({missing}): the folder was changed "
                f"by hand, or the disk lost them. Spark continues from the newest batch; should a start fail, {RESET_ADVICE}"
            )
    offsets, commits = checkpoint.offsets.newest, checkpoint.commits.newest
    if commits is not None and (offsets is None or commits > offsets):
        yield Fault(
            f"Batch {commits} is committed, but the newest offsets are those of batch {offsets}: "
            f"the folder is mixed from two copies; {RESET_ADVICE}"
        )


def _against_the_ledger(found: CheckpointState, checkpoint: Checkpoint) -> Iterator[Fault]:
    """A batch is in the ledger before it is committed in the checkpoint, and one batch at a time."""
    ledger, committed = found.ledger_batch_id, checkpoint.commits.newest
    if (
        found.commit_seen is not None
        and checkpoint.query_id
        and (ledger is None or ledger < found.commit_seen)
    ):
        yield Fault(
            f"The checkpoint has committed batch {found.commit_seen}, the ledger knows "
            f"{'none of its batches' if ledger is None else f'batch {ledger} at most'}: the database is another one, or "
            f"an older copy, and lacks what was read since; {RESET_ADVICE}"
        )
    if ledger is not None and ledger > (-1 if committed is None else committed) + 1:
        yield Fault(
            f"The ledger knows batch {ledger}, the checkpoint has committed batch {committed}: the checkpoint is an "
            f"older copy, or a power cut took its newest files. Spark repeats the batches, which the ledger makes "
            f"harmless; if it refuses, {RESET_ADVICE}"
        )


def _stalled(
    observation: Observation, query: QueryState, age_s: float | None, stall_s: float
) -> Iterator[Fault]:
    stream = observation.stream
    stands = age_s is not None and age_s > stall_s and bool(query.lag_records)
    if stands and stream.wanted and not is_starting(stream.began_at, query.committed_at, observation.at):
        yield Fault(
            f"{count(query.lag_records or 0)} to read, and the checkpoint has not moved for {ago(age_s)} "
            f"(last heartbeat of the stream: {ago(stream.heartbeat_age_s)} ago); see logs/spark_stream.log, "
            "and run the job restart_spark_stream"
        )


def _too_large(checkpoint: Checkpoint, limit_mb: int) -> Iterator[Fault]:
    size_mb = checkpoint.size_bytes / 1e6
    if size_mb > limit_mb:
        yield Fault(
            f"It has {size_mb:,.0f} MB, {limit_mb:,} are allowed: old state is not removed, or more than six "
            f"minutes of identities are kept. Is the disk full or read-only? To start over, {RESET_ADVICE}"
        )
