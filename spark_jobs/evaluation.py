"""How Spark evaluates a batch's expressions: interpreted where it is small, compiled where it is large.

Compiling is not the dear part but writing the source to be compiled, anew for each task: about as much
work as a small batch in all. For thousands of records compiled code earns that back many times over.
Figures: docs/performance.md.
"""

from pyspark.sql import SparkSession

__all__ = ["INTERPRETED", "Evaluation"]

LARGE_BATCH_RECORDS = 5_000

INTERPRETED = {"spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.codegen.wholeStage": "false"}
COMPILED = {"spark.sql.codegen.factoryMode": "FALLBACK", "spark.sql.codegen.wholeStage": "true"}


class Evaluation:
    """The mode of one query, which starts interpreted (`INTERPRETED` in the session's options)."""

    def __init__(self) -> None:
        self._mode = INTERPRETED

    def adapt(self, session: SparkSession, records: int) -> None:
        """Choose for the next batch by the number of records in this one; a backlog comes in a row.

        `session` is the query's own copy, which `foreachBatch` hands over with the batch.
        """
        mode = COMPILED if records >= LARGE_BATCH_RECORDS else INTERPRETED
        if mode is not self._mode:
            for name, value in mode.items():
                session.conf.set(name, value)
            self._mode = mode
