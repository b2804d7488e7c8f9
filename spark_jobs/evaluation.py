"""How Spark evaluates a batch's expressions: interpreted if it is small, compiled if it is large.

The expensive part is not compiling but generating the source, again for each task: about as much
work as a whole small batch. The search for equal expressions is expensive too. For thousands of records
compiled code is much faster overall. Figures: docs/performance.md.
"""

from pyspark.sql import SparkSession

LARGE_BATCH_RECORDS = 5_000

INTERPRETED = {
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.subexpressionElimination.enabled": "false",
}
COMPILED = {
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.subexpressionElimination.enabled": "true",
}


class Evaluation:
    """The mode of one query, initially interpreted (`INTERPRETED` in the session's options)."""

    def __init__(self) -> None:
        self._mode = INTERPRETED

    def adapt(self, session: SparkSession, records: int) -> None:
        """Choose for the next batch by this one's number of records; large batches follow each other.

        `session` is the query's own copy, which `foreachBatch` passes with the batch.
        """
        mode = COMPILED if records >= LARGE_BATCH_RECORDS else INTERPRETED
        if mode is not self._mode:
            for name, value in mode.items():
                session.conf.set(name, value)
            self._mode = mode
