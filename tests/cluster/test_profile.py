"""`orderpulse up --profile cluster`: what the local profile is put through, and kills of what only a cluster has.

The checks are those of `tests.e2e` and `tests.chaos`, by import, on a platform of this module's own.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.profile import Profile, applied
from tests.chaos.load import Load
from tests.chaos.test_recovery import Fault
from tests.chaos.test_recovery import test_a_kill_is_survived as check_survived
from tests.chaos.test_recovery import test_nothing_is_lost_and_nothing_counted_twice as check_nothing_lost
from tests.chaos.world import RATE, World
from tests.e2e import test_platform as checks
from tests.e2e.dagster_ui import DagsterUi
from tests.e2e.platform import Platform, isolated_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

RELATIONS = ("events_clean", "kpi_1m", "kpi_1m_by_currency", "kpi_1m_detail", "ops.events_rejected")
FAULTS = (
    Fault("kafka_2", lambda world: world.kill(world.pid("kafka_2")), 60),
    Fault("spark_worker_1", lambda world: world.kill(world.pid("spark_worker_1")), 90),
    Fault("spark_master", lambda world: world.kill(world.pid("spark_master")), 60),
    Fault("postgres_replica", lambda world: world.kill(world.pid("postgres_replica")), 60),
)


@pytest.fixture(scope="module")
def platform(jars: None) -> Iterator[Platform]:
    """The whole cluster profile, running, as `orderpulse up --profile cluster` leaves it."""
    folder = Path(tempfile.mkdtemp(prefix="orderpulse-cluster-"))
    folder.chmod(0o755)
    settings = applied(
        isolated_settings(folder, {"rate": 20, "invalid_share": 0.1}), Profile("cluster", secure=False)
    )
    under_test = Platform(settings, command_timeout_s=900)
    try:
        under_test.command("up", "--profile", "cluster")
        yield under_test
    finally:
        under_test.command("down")
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def world(platform: Platform) -> Iterator[World]:
    """The platform under load."""
    with tempfile.TemporaryDirectory(prefix="orderpulse-load-") as folder:
        load = Load(platform.settings, Path(folder), RATE)
        load.start()
        try:
            yield World(platform, DagsterUi(platform.settings), load)
        finally:
            load.end()


def test_all_of_it_runs_and_is_healthy(platform: Platform) -> None:
    for relation in RELATIONS:
        checks.test_the_tables_fill(platform, relation)
    checks.test_the_view_of_a_quarter_of_an_hour_answers(platform)
    checks.test_status_is_true(platform)
    checks.test_a_second_up_changes_nothing(platform)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_kill_is_survived(world: World, fault: Fault, measured: Callable[[str], None]) -> None:
    check_survived(world, fault, measured)


def test_nothing_is_lost_and_nothing_counted_twice(world: World) -> None:
    check_nothing_lost(world)
    world.load.end()


def test_a_killed_manager_is_repaired_with_one_of_each(platform: Platform) -> None:
    checks.test_a_killed_manager_is_repaired_with_one_of_each(platform)
    checks.test_events_continue_after_all_that(platform)


def test_down_leaves_nothing_and_is_quick(platform: Platform, measured: Callable[[str], None]) -> None:
    started = time.monotonic()
    checks.test_down_leaves_no_process_and_no_open_port(platform)
    measured(f"down of the cluster profile: {time.monotonic() - started:.0f} s")
