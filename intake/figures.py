"""Counters and times for Prometheus. Labels are the names of sources and senders that exist, so there are few."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

Outcome = Literal[
    "accepted",
    "unmapped",
    "ignored",
    "ping",
    "refused",
    "malformed",
    "too_large",
    "limited",
    "unavailable",
]
BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
NOBODY = "none"
"""The label of requests that name no existing source or sender."""


class Figures:
    """All figures of the process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "orderpulse_intake_requests",
            "Requests by source and outcome.",
            ["source", "outcome"],
            registry=self.registry,
        )
        self._refused = Counter(
            "orderpulse_intake_refused",
            "Requests that were not verified, by reason.",
            ["source", "reason"],
            registry=self.registry,
        )
        self._records = Counter(
            "orderpulse_intake_records",
            "Records that Kafka acknowledged: events, and payloads that did not map.",
            ["source", "kind"],
            registry=self.registry,
        )
        self._last = Gauge(
            "orderpulse_intake_last_accepted_timestamp_seconds",
            "When something from it was last accepted.",
            ["source"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "orderpulse_intake_request_seconds",
            "Time until a request was answered.",
            ["route"],
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "orderpulse_intake_waiting_records",
            "Records that Kafka has not acknowledged yet.",
            registry=self.registry,
        )

    @contextmanager
    def timed(self, route: str) -> Iterator[None]:
        """Note how long the block takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._seconds.labels(route).observe(time.perf_counter() - began)

    def count(self, source: str, outcome: Outcome) -> None:
        """Note a request that was answered."""
        self._requests.labels(source, outcome).inc()

    def count_refused(self, source: str, reason: str) -> None:
        """Note a request that was not verified."""
        self.count(source, "refused")
        self._refused.labels(source, reason).inc()

    def count_records(self, source: str, kind: Literal["event", "unmapped"], number: int) -> None:
        """Note records that Kafka has."""
        self._records.labels(source, kind).inc(number)
        self._last.labels(source).set_to_current_time()

    def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self.registry)
