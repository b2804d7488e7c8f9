"""The jobs `generator` and `spark_stream`: a run that is attached to a process, and owns nothing.

It watches, logs, and ends when the process is stopped. Terminated in the UI it stops the process; its
own death, or a bare signal, leaves the process alone (architecture, "Who owns a process").
"""

import time

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError  # no public name; Dagster is pinned

from orchestration.defs.streaming.watching import DuplicateRunError, GivenUpError, Watcher
from orchestration.services import GeneratorResource, ServiceResource, SparkStreamResource

BEAT_S = 2.0


def attached_job(resource: type[ServiceResource], what: str) -> dg.JobDefinition:
    """The job whose run is attached to the process of `resource`."""
    name = resource.service

    @dg.op(name=f"watch_{name}", required_resource_keys={name}, description=f"Attached to {what}.")
    def watch(context: dg.OpExecutionContext) -> None:
        watcher = Watcher(context, getattr(context.resources, name))
        try:
            watcher.begin()
            while watcher.check():
                time.sleep(BEAT_S)
        except DuplicateRunError as duplicate:
            context.log.warning(str(duplicate))
        except GivenUpError:
            watcher.leave()
        except DagsterExecutionInterruptedError:
            if watcher.interrupted():
                raise

    @dg.job(
        name=name,
        executor_def=dg.in_process_executor,
        tags={"service": name, "dagster/priority": "10"},
        description=(
            f"Watches {what} and logs what happens. Launch it to start the process; terminate it to stop the "
            "process. A restart of Dagster only detaches it: the process continues and the streaming sensor "
            "attaches a new run."
        ),
    )
    def job() -> None:
        watch()

    return job


generator = attached_job(GeneratorResource, "the generator of orders")
spark_stream = attached_job(SparkStreamResource, "the streaming job (Spark)")
ATTACHED_JOBS = {job.name: job for job in (generator, spark_stream)}
