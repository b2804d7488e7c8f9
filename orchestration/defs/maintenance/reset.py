"""The job `reset_checkpoint`, for a query that cannot continue from its checkpoint."""

from enum import Enum
from pathlib import Path

import dagster as dg
from pydantic import Field

from control.checkpoint_logs import read_checkpoint
from control.checkpoints import driver_kept_out, set_aside
from core.clock import utc_now
from core.errors import CheckpointError
from core.tables import EVENTS_CLEAN, KPI_1M, STREAM_BATCH
from orchestration.defs.maintenance.checkpoints import set_files_aside
from orchestration.defs.maintenance.torn_files import torn_files
from orchestration.resources import PostgresResource
from orchestration.services import ServiceStatus, SparkStreamResource

LOCK_TIMEOUT_S = 5.0

COMMITTED = f"""
    SELECT batch_id FROM {STREAM_BATCH.name} WHERE query_id = %s ORDER BY batch_id DESC LIMIT 1000
"""  # noqa: S608  # name from core.tables


class Query(Enum):
    """The query whose checkpoint is reset."""

    events_clean = "events_clean"
    kpi_1m = "kpi_1m"
    both = "both"


class ResetConfig(dg.Config):
    """What to reset, and how far."""

    query: Query = Field(description="Which query's checkpoint: events_clean, kpi_1m or both.")
    keep_offsets: bool = Field(
        default=True,
        description="True: sets only the unreadable newest files aside, and Spark repeats its last batch. "
        "False: sets the whole checkpoint aside, and Spark reads the topic from its start.",
    )


@dg.op
def reset(
    context: dg.OpExecutionContext,
    postgres: PostgresResource,
    spark_stream: SparkStreamResource,
    config: ResetConfig,
) -> None:
    """Set the checkpoints aside, unless the stream runs."""
    _require_stopped(spark_stream.status())
    folder = postgres.settings.checkpoint_dir
    names = [EVENTS_CLEAN.name, KPI_1M.name] if config.query is Query.both else [config.query.value]
    try:
        with driver_kept_out(folder, LOCK_TIMEOUT_S):
            folders = [folder / name for name in names]
            moved = _torn_aside(postgres, folders) if config.keep_offsets else _whole_aside(folders)
    except CheckpointError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    for name, what in moved.items():
        context.log.info("%s: %s", name, what)
    context.log.info("Start the stream with the job start_spark_stream.")
    context.add_output_metadata(moved)


@dg.job(executor_def=dg.in_process_executor)
def reset_checkpoint() -> None:
    """Reset a checkpoint from which its query cannot continue (a full disk, a power cut, an old copy).

    Stop the stream first (`stop_spark_stream`), start it afterwards (`start_spark_stream`). With
    `keep_offsets` only unreadable newest files are set aside: Spark repeats its last batch, and the
    ledger in the database makes that harmless. Without it the whole checkpoint is renamed: the query
    then reads the topic from its earliest offset with a new ledger. Rows are written once, and a partial KPI
    row never replaces a more complete one, so nothing is counted twice; the time depends on the length of the
    topic. Nothing is deleted: the old files stay next to the checkpoint, with the time in their name.
    """
    reset()


def _require_stopped(status: ServiceStatus) -> None:
    if status.desired == "running" or status.pid is not None:
        raise dg.Failure(
            f"The stream's desired state is {status.desired} and it is {status.state} (pid {status.pid}); its checkpoint "
            "must not change while it runs. Run the job stop_spark_stream first.",
            allow_retries=False,
        )


def _whole_aside(folders: list[Path]) -> dict[str, str]:
    return {folder.name: f"set aside as {set_aside(folder, utc_now())}" for folder in folders}


def _torn_aside(postgres: PostgresResource, folders: list[Path]) -> dict[str, str]:
    """Set unreadable files aside. Checks all folders first: if one cannot be repaired, none is changed."""
    torn = {folder: _torn_files(postgres, folder) for folder in folders}
    if not any(torn.values()):
        raise CheckpointError(
            f"The newest files of {' and '.join(map(str, folders))} are readable; there is nothing to set aside. "
            "The stream's log shows why it fails."
        )
    return {folder.name: _one_torn_aside(folder, files) for folder, files in torn.items()}


def _one_torn_aside(folder: Path, files: list[Path]) -> str:
    if not files:
        return "is readable and stays unchanged"
    names = ", ".join(str(path.relative_to(folder)) for path in files)
    return f"{names} set aside in {set_files_aside(folder, files, utc_now())}"


def _torn_files(postgres: PostgresResource, folder: Path) -> list[Path]:
    checkpoint = read_checkpoint(folder)
    if checkpoint is None:
        raise CheckpointError(f"{folder} does not exist; the query has no checkpoint to reset.")
    with postgres.connect() as connection:
        rows = connection.execute(COMMITTED.encode(), (checkpoint.query_id,)).fetchall()
    return torn_files(checkpoint, {row["batch_id"] for row in rows})
