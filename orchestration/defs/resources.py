"""The resources of all areas, by name."""

import dagster as dg

from orchestration.resources import KafkaResource, PostgresResource
from orchestration.services import GeneratorResource, SparkStreamResource


@dg.definitions
def defs() -> dg.Definitions:
    """One instance of each resource; and the in-process executor, so that every run is one process."""
    return dg.Definitions(
        executor=dg.in_process_executor,
        resources={
            "postgres": PostgresResource(),
            "kafka": KafkaResource(),
            "generator": GeneratorResource(),
            "spark_stream": SparkStreamResource(),
        },
    )
