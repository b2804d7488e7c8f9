"""Kill -9 of Dagster's processes: the stream does not notice, and the UI is true again by itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from stack.host.waiting import wait_until
from tests.chaos.world import SERVICES, SETTLE_TIMEOUT_S, World

pytestmark = pytest.mark.timeout(1800)

DAGSTER = ("dagster_daemon", "dagster_webserver", "dagster_code")


def kill_program(name: str) -> Callable[[World], None]:
    """The fault that kills one program."""
    return lambda world: world.kill(world.pid(name))


def kill_workers(world: World) -> None:
    """The workers of both attached runs."""
    for name in SERVICES:
        (run,) = world.ui.runs(name, "STARTED")
        world.kill(world.ui.worker(run))


def kill_all(world: World) -> None:
    """All of Dagster at once, the workers too."""
    kill_workers(world)
    for name in DAGSTER:
        world.kill(world.pid(name))


@dataclass(frozen=True)
class Fault:
    """A part of Dagster that dies."""

    name: str
    inflict: Callable[[World], None]


FAULTS = (
    Fault("workers_of_attached_runs", kill_workers),
    *(Fault(name, kill_program(name)) for name in DAGSTER),
    Fault("all_of_dagster", kill_all),
)
LIMIT_S = 120.0
"""The goal is a minute; the machine is busy with a load, and with the tests. The figures are printed."""


def one_by_one(fault: Fault) -> object:
    """All at once contains the others; each by itself is for the long form."""
    marks = () if fault.inflict is kill_all else (pytest.mark.slow,)
    return pytest.param(fault, id=fault.name, marks=marks)


@pytest.mark.parametrize("fault", [one_by_one(fault) for fault in FAULTS])
def test_the_stream_continues_and_the_ui_is_true_again(
    world: World, fault: Fault, measured: Callable[[str], None]
) -> None:
    begun = time.time()
    assert wait_until(lambda: world.ui_is_true(begun), SETTLE_TIMEOUT_S, poll_s=1.0)
    before = {name: world.pid(name) for name in SERVICES}
    fault.inflict(world)
    killed = time.time()
    assert wait_until(lambda: world.ui_is_true(killed), LIMIT_S, poll_s=1.0), world.platform.status()
    measured(f"{fault.name}: the UI is true {time.time() - killed:.1f} s after the kill")
    assert {name: world.pid(name) for name in SERVICES} == before, "the stream was left alone"
    assert len(world.jvms()) == 1
    world.wait_recovered(time.time(), SETTLE_TIMEOUT_S)


@pytest.mark.slow
def test_a_run_that_died_with_its_code_server_gives_its_slot_back(
    world: World, measured: Callable[[str], None]
) -> None:
    others = ("dbt_build", "dbt_test")
    going = ("QUEUED", "STARTING", "STARTED")
    assert wait_until(
        lambda: not any(world.ui.runs(name, *going) for name in others), SETTLE_TIMEOUT_S, poll_s=1.0
    )
    run = world.ui.launch("dbt_test")
    assert wait_until(lambda: run in world.ui.runs("dbt_test", "STARTED"), LIMIT_S)
    server = world.pid("dagster_code")
    world.kill(world.ui.worker(run))
    world.kill(server)
    killed = time.time()
    assert world.platform.wait_pid("dagster_code", lambda pid: pid not in (None, server), LIMIT_S)
    back = time.time()
    assert wait_until(lambda: world.ui_is_true(back), LIMIT_S, poll_s=1.0), world.platform.status()
    assert wait_until(lambda: run in world.ui.runs("dbt_test", "FAILURE"), LIMIT_S, poll_s=1.0)
    measured(f"a run that died with its code server has failed {time.time() - killed:.1f} s after the kill")
    following = world.ui.launch("dbt_test")
    assert wait_until(lambda: following in world.ui.runs("dbt_test", "SUCCESS"), LIMIT_S, poll_s=1.0)
