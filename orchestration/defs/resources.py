"""The resources that every area uses, by name."""

import dagster as dg

from orchestration.resources import KafkaResource, PostgresResource
from orchestration.services import GeneratorResource, SparkStreamResource

__all__ = ["defs"]


@dg.definitions
def defs() -> dg.Definitions:
    """One instance of each."""
    return dg.Definitions(
        resources={
            "postgres": PostgresResource(),
            "kafka": KafkaResource(),
            "generator": GeneratorResource(),
            "spark_stream": SparkStreamResource(),
        }
    )
