"""Kill -9 of each process of the pipeline, under load: the platform recovers by itself and loses nothing.

One fault is one parameter: load -> fault -> during -> recovery -> verify. The short form is one
round; `make chaos` runs several, in random order.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random, SystemRandom

import orjson
import pytest

from core import kafka, postgres
from core.events import STORED_PAYLOAD_BYTES
from stack.host.waiting import wait_until
from tests import truth
from tests.chaos.load import event_id, records_in
from tests.chaos.world import RATE, SETTLE_TIMEOUT_S, World
from tests.streaming import LAST_OFFSETS

pytestmark = pytest.mark.timeout(3600)


@dataclass(frozen=True)
class Fault:
    """A process to kill, and how soon after the kill new events must be in the tables, in seconds.

    The contract (section 6) gives Spark 30 s and the servers 60 s once they are back. Here are also the
    process manager's own seconds, and three times as long for Spark, whose start is work for the
    processors: 28 s on a fast machine of two cores, 107 and 121 s on the slowest seen, which is too long. The figures are printed. `slow`: not in the short form.
    """

    name: str
    inflict: Callable[[World], None]
    recovery_s: float
    slow: bool = False


FAULTS = (
    Fault("spark_driver", lambda world: world.kill(world.pid("spark_stream")), 90),
    Fault("spark_jvm", World.kill_jvm, 90, slow=True),
    Fault("spark_hangs", lambda world: os.kill(world.pid("spark_stream"), signal.SIGSTOP), 150, slow=True),
    Fault("generator", World.kill_generators, 30),
    Fault("postgres", lambda world: world.kill(world.pid("postgres")), 75),
    Fault("kafka", lambda world: world.kill(world.pid("kafka")), 75),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All faults in their order; more rounds than one are in random order, whose seed is part of the name."""
    if "fault" not in metafunc.fixturenames:
        return
    rounds = metafunc.config.getoption("--chaos-rounds", default=1)
    seed = metafunc.config.getoption("--chaos-seed", default=None) or SystemRandom().randrange(10_000)
    random = Random(seed)
    chosen = list(FAULTS)
    for _ in range(rounds - 1):
        chosen += random.sample(FAULTS, len(FAULTS))
    names = [fault.name if rounds == 1 else f"{i}-{fault.name}-seed{seed}" for i, fault in enumerate(chosen)]
    metafunc.parametrize(
        "fault",
        [
            pytest.param(fault, id=name, marks=(pytest.mark.slow,) if fault.slow else ())
            for fault, name in zip(chosen, names, strict=True)
        ],
    )


def test_a_kill_is_survived(world: World, fault: Fault, measured: Callable[[str], None]) -> None:
    world.load.wait_for(2 * RATE)
    fault.inflict(world)
    recovery_s = world.wait_recovered(time.time(), SETTLE_TIMEOUT_S)
    measured(f"{fault.name}: new events in both tables {recovery_s:.1f} s after the kill")
    assert recovery_s < fault.recovery_s
    assert world.platform.wait_healthy(SETTLE_TIMEOUT_S), world.platform.status()
    world.load.wait_for(RATE)


def test_nothing_is_lost_and_nothing_counted_twice(world: World) -> None:
    """Invariants I1 to I4, after all the faults together."""
    settings = world.platform.settings
    world.load.stop()
    world.ui.launch("stop_generator")
    assert world.platform.wait_pid("generator", lambda pid: pid is None, SETTLE_TIMEOUT_S)
    records = records_in(settings.kafka)
    ends = {
        str(partition): end
        for partition, end in kafka.end_offsets(settings.kafka, settings.kafka.topic).items()
    }
    with postgres.connect(settings.postgres, autocommit=True) as connection:
        assert wait_until(
            lambda: [row[0] for row in connection.execute(LAST_OFFSETS)] == [ends] * 2, SETTLE_TIMEOUT_S
        )
        rejected = {
            (partition, offset): (reason, tuple(kept))
            for partition, offset, reason, *kept in connection.execute(
                'SELECT partition, "offset", reason, payload, payload_bytes, payload_sha256 FROM ops.events_rejected'
            )
        }
        truth.check_ledger(connection, len(records))
        accepted = {
            event_id(message): orjson.loads(message.value() or b"")
            for place, message in records.items()
            if place not in rejected
        }
        truth.check_events(connection, accepted.values())
        truth.check_kpis(connection, accepted.values())
    acknowledged = world.load.acknowledged()
    assert acknowledged.keys() <= records.keys(), "what was acknowledged is in Kafka"
    intended = {place: line.reason for place, line in acknowledged.items() if line.reason is not None}
    told = {place: reason for place, (reason, _) in rejected.items() if place in acknowledged}
    assert told == intended
    assert {place: kept for place, (_, kept) in rejected.items()} == {
        place: kept_of(records[place].value()) for place in rejected
    }
    ids = {line.event_id for line in acknowledged.values() if line.reason is None}
    assert ids <= accepted.keys()
    world.ui.launch("start_generator")
    assert world.platform.wait_pid("generator", lambda pid: pid is not None, SETTLE_TIMEOUT_S)
    assert world.platform.wait_healthy(SETTLE_TIMEOUT_S), world.platform.status()


def kept_of(value: bytes | None) -> tuple[bytes | None, int | None, str | None]:
    """What must be kept of a rejected record: its value, or the beginning of a long one with its length and SHA-256."""
    if value is None or len(value) <= STORED_PAYLOAD_BYTES:
        return value, None, None
    return value[:STORED_PAYLOAD_BYTES], len(value), sha256(value).hexdigest()
