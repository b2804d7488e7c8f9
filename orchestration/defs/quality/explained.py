"""Why a query lags or has nothing new, as the control room judges it, in the terms of a check."""

from control import judge
from control.observation import Observation
from core.settings import Settings
from orchestration.defs.quality.verdict import WARN, Metadata, Verdict, failed, passed, warned

CATCHING_UP = ("catching_up", "catching_up_for")


def explain(
    observation: Observation, query: str, settings: Settings, metadata: Metadata, found: str = ""
) -> Verdict:
    """The verdict of a check that has found the query behind; `found`: a sentence about that, with a blank after it.

    A stop on purpose passes with a warning. A start, and a backlog in the stream's first minutes, only warn.
    """
    why = judge.behind(observation, query, settings)
    match why.code:
        case "stopped" | "read_stopped":
            service = observation.stream if why.code == "stopped" else observation.generator
            reason = judge.stopped(service).summary
            advice = f"To continue, run the job start_{service.name}."
            return passed(
                f"{found}The {judge.TITLES[service.name]}: {reason} {advice}", metadata, severity=WARN
            )
        case "stands_still":
            description = f"{found}{why.summary} {why.advice} The job restart_spark_stream does that."
            return failed(description, metadata)
    description = f"{found}{why.summary}" + (f" {why.advice}" if why.advice else "")
    excused = why.state == "starting" or (why.code in CATCHING_UP and judge.expects_backlog(observation))
    return (warned if excused else failed)(description, metadata)
