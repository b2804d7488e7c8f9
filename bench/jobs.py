"""The measured jobs, the Spark job and the plain consumer, by their command lines."""

from enum import StrEnum


class Job(StrEnum):
    """A process that writes the topic into the tables."""

    SPARK = "spark"
    PLAIN = "plain"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments for the Python interpreter."""
        return ("-m", "spark_jobs.stream") if self is Job.SPARK else ("-m", "bench.plain.consumer")
