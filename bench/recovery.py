"""`python -m bench.recovery`: recovery time of the stream after a kill -9 of its driver.

Kills the Spark driver of the running platform, several times, and waits each time until both queries have
committed events that happened after the kill. Only the platform restarts it.
"""

import os
import signal
import time
from typing import Annotated

import typer

from bench.command import run, show
from core import postgres
from core.errors import StackError
from core.settings import Settings
from stack.host.locks import holder
from stack.host.waiting import wait_until
from stack.profile import platform_settings

DRIVER = "spark_stream"
TIMEOUT_S = 120.0
NEW_EVENTS = """
    SELECT count(DISTINCT query_name) = 2 FROM ops.stream_batch
    WHERE committed_at > to_timestamp(%(since)s) AND max_event_time > to_timestamp(%(since)s)
"""
"""Whether both queries have committed events that happened after a moment, in Unix seconds."""


def recovery(
    kills: Annotated[int, typer.Option(min=1, help="How often to kill the driver.")] = 4,
    pause_s: Annotated[float, typer.Option(min=1, help="Seconds of running before each kill.")] = 30.0,
) -> None:
    """Kill the driver of the running platform; set its load with the job set_generator_rate."""
    settings, took_s = platform_settings(), list[float]()
    for _ in range(kills):
        time.sleep(pause_s)  # it is to run for so long, whatever happens
        took_s.append(kill_and_wait(settings))
    rows = [{"kill": kill, "new events in both tables after s": took} for kill, took in enumerate(took_s, 1)]
    show("kill -9 of the Spark driver", rows)


def kill_and_wait(settings: Settings) -> float:
    """Seconds from the kill to committed new events. Raises `StackError` if there is no driver, or none comes back."""
    driver = holder(settings, DRIVER)
    if driver is None or driver.pid is None:
        raise StackError("The stream does not run; `orderpulse up` starts it.")
    killed_at = time.time()
    os.kill(driver.pid, signal.SIGKILL)
    with postgres.connect(settings.postgres, autocommit=True) as connection:

        def recovered() -> bool:
            return connection.execute(NEW_EVENTS, {"since": killed_at}).fetchone() == (True,)

        if not wait_until(recovered, TIMEOUT_S):
            raise StackError(f"No new events within {TIMEOUT_S:.0f} s; see `orderpulse logs {DRIVER}`.")
    return time.time() - killed_at


if __name__ == "__main__":
    run(recovery, "bench.recovery")
