"""The loop of live traffic: as many records as the pace says, none while the broker is silent."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from generator.journeys import Journeys
from generator.mix import Mix
from generator.pacing import Pacer
from generator.producer import RecordProducer

__all__ = ["LiveRun"]


@dataclass(frozen=True, slots=True)
class LiveRun:
    """When the run ends by itself: after `count` records or `duration_s` seconds, never where None."""

    count: int | None = None
    duration_s: float | None = None

    def send(
        self,
        mix: Mix,
        journeys: Journeys,
        producer: RecordProducer,
        wanted_rate: Callable[[], float],
        stopping: Callable[[], bool],
    ) -> None:
        """Send until the run ends or `stopping` says so, at `wanted_rate` records a second (0: flat out)."""
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
