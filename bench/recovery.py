"""`python -m bench.recovery`: how long the stream needs after a kill -9 of its driver.

Kills the Spark driver of the running platform, several times, and waits each time until both queries have
committed events that happened after the kill. Nobody else starts it again: that is what is measured.
"""

import os
import signal
import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from core import postgres
from core.errors import OrderpulseError, StackError
from core.settings import Settings
from stack.locks import holder
from stack.profile import platform_settings
from stack.waiting import wait_until

__all__ = ["NEW_EVENTS", "app", "kill_and_wait"]

DRIVER = "spark_stream"
TIMEOUT_S = 120.0
NEW_EVENTS = """
    SELECT count(DISTINCT query_name) = 2 FROM ops.stream_batch
    WHERE committed_at > to_timestamp(%(since)s) AND max_event_time > to_timestamp(%(since)s)
"""
"""Whether both queries have committed events that happened after a moment, in Unix seconds."""

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def recovery(
    kills: Annotated[int, typer.Option(min=1, help="How often the driver is killed.")] = 4,
    pause_s: Annotated[float, typer.Option(min=1, help="Seconds of running before each kill.")] = 30.0,
) -> None:
    """Kill the driver of the running platform; set its load with the job set_generator_rate."""
    table = Table("kill", "new events in both tables after s", title="kill -9 of the Spark driver")
    try:
        settings = platform_settings()
        for kill in range(1, kills + 1):
            time.sleep(pause_s)  # it is to run for so long, whatever happens
            table.add_row(str(kill), f"{kill_and_wait(settings):.1f}")
    except OrderpulseError as error:
        sys.exit(f"error: {error}")
    Console().print(table)


def kill_and_wait(settings: Settings) -> float:
    """Seconds from the kill to committed new events. Raises `StackError` where there is no driver, or none comes back."""
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
    app(prog_name="python -m bench.recovery")
