"""Jobs that start, stop and restart the two processes, and one for the generator's rate."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
from pydantic import Field

from core.errors import SettingsError, StackError
from orchestration.services import GeneratorResource, ServiceResource, ServiceStatus, SparkStreamResource


@dataclass(frozen=True, slots=True)
class Switch:
    """One way to change a process."""

    verb: str
    flip: Callable[[ServiceResource, str], None]
    description: str


SWITCHES = (
    Switch(
        "start",
        lambda service, reason: service.start(reason),
        "Starts {what} and keeps it running from now on. Harmless if it runs. Use it after a stop, or to end "
        "the pause before the next attempt once the cause of its failures is fixed.",
    ),
    Switch(
        "stop",
        lambda service, reason: service.stop(reason),
        "Stops {what} and wants it stopped from now on, also after a restart of the platform. It ends in order "
        "first; what does not is killed. Nothing is lost. The checks then say 'stopped on purpose'.",
    ),
    Switch(
        "restart",
        lambda service, reason: service.restart(reason),
        "Ends {what} and starts it again, and forgets its failures. Use it after a change of its code.",
    ),
)
WHAT = {
    GeneratorResource: "the generator of orders",
    SparkStreamResource: "the streaming job (Spark), which resumes at its checkpoint",
}


def switch_job(resource: type[ServiceResource], switch: Switch) -> dg.JobDefinition:
    """The job `<verb>_<service>`."""
    service, name = resource.service, f"{switch.verb}_{resource.service}"

    @dg.op(name=f"{name}_op", required_resource_keys={service})
    def flip(context: dg.OpExecutionContext) -> None:
        handle: ServiceResource = getattr(context.resources, service)
        try:
            switch.flip(handle, f"{switch.verb} asked for by run {context.run_id[:8]}")
        except StackError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        status = handle.status()
        context.log.info("%s is %s; wanted %s", service, status.state, status.desired)
        context.add_output_metadata(_as_metadata(status))

    @dg.job(
        name=name,
        executor_def=dg.in_process_executor,
        tags={"controls": service},
        description=switch.description.format(what=WHAT[resource]),
    )
    def job() -> None:
        flip()

    return job


def _as_metadata(status: ServiceStatus) -> dict[str, str | int]:
    return {"wanted": status.desired, "state": status.state} | ({"pid": status.pid} if status.pid else {})


class GeneratorRate(dg.Config):
    """The form of `set_generator_rate`."""

    events_per_s: float = Field(
        default=5.0, description="Events per second, from 0.1 to 100,000. It holds within a second."
    )


@dg.op
def set_rate(context: dg.OpExecutionContext, config: GeneratorRate, generator: GeneratorResource) -> None:
    """Ask the generator for another rate."""
    try:
        generator.set_rate(config.events_per_s)
    except SettingsError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    context.log.info("the generator will send %g events/s", config.events_per_s)
    context.add_output_metadata({"events/s": config.events_per_s})


@dg.job(executor_def=dg.in_process_executor, tags={"controls": "generator"})
def set_generator_rate() -> None:
    """Sets how many events per second the generator sends, now and after its restarts. Use it for a load test."""
    set_rate()


@dg.definitions
def defs() -> dg.Definitions:
    """Three switches for each process, and the rate."""
    switches = [switch_job(resource, switch) for resource in WHAT for switch in SWITCHES]
    return dg.Definitions(jobs=[*switches, set_generator_rate])
