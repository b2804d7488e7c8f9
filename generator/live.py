"""The loop of live traffic: sends at the desired rate, and pauses while the broker does not respond."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from generator.journeys import Journeys
from generator.mix import TrafficMix
from generator.pacing import Pacer
from generator.producer import RecordProducer


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run, which ends after `count` records or `duration_s` seconds; None is no limit."""

    count: int | None = None
    duration_s: float | None = None

    def send(
        self,
        mix: TrafficMix,
        journeys: Journeys,
        producer: RecordProducer,
        wanted_rate: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        """Send until the run ends or `stopping` returns true, at `wanted_rate` records a second (0: no limit)."""
        began = monotonic()
        pacer = Pacer(wanted_rate(), began)
        sent = 0
        while not stopping() and sent != self.count:
            now = monotonic()
            if self.duration_s is not None and now - began >= self.duration_s:
                return
            if producer.stalled:
                producer.poll_soon()
                continue
            pacer.change_rate(wanted_rate(), now)
            journeys.rate = pacer.rate or journeys.rate
            chunk = pacer.take(now) if self.count is None else min(pacer.take(now), self.count - sent)
            for _ in range(chunk):
                if not producer.send(mix.next_record(), stopping):
                    return
            sent += chunk
            producer.poll(pacer.wait_s(monotonic()))
