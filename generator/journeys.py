"""Order journeys: interleaved orders, each a small state machine, one event per call.

Pure: randomness and time are passed in, so the same seed and the same times give the same
events. Delays between the steps of an order are counted in events (seconds times the rate),
not in clock time: the overall rate does not depend on the orders, and a seeded run is
the same on a slow machine.
"""

import heapq
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import Any

from core.clock import to_iso8601
from core.currencies import DEFAULT_CURRENCIES, decimals_of
from core.events import EventType

Event = dict[str, Any]


class Outcome(StrEnum):
    """How a journey ends."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


_STARTED = (EventType.ORDER_CREATED, EventType.PAYMENT_INITIATED)
PATHS = {
    Outcome.SUCCESS: (*_STARTED, EventType.PAYMENT_SUCCESS),
    Outcome.PENDING: _STARTED,
    Outcome.FAILED: (*_STARTED, EventType.PAYMENT_FAILED),
    Outcome.CANCELLED: (*_STARTED, EventType.PAYMENT_FAILED, EventType.ORDER_CANCELLED),
    Outcome.REFUNDED: (*_STARTED, EventType.PAYMENT_SUCCESS, EventType.PAYMENT_REFUNDED),
}
"""The steps of a journey, by how it ends."""

WEIGHTS = {
    Outcome.SUCCESS: 68,
    Outcome.REFUNDED: 2,
    Outcome.PENDING: 20,
    Outcome.FAILED: 5,
    Outcome.CANCELLED: 5,
}
"""Percent of the journeys (contract, section 1: 70 success, 20 pending, 10 failed)."""

DELAY_S = {
    EventType.PAYMENT_INITIATED: (1.0, 8.0),
    EventType.PAYMENT_SUCCESS: (0.5, 5.0),
    EventType.PAYMENT_FAILED: (0.5, 5.0),
    EventType.ORDER_CANCELLED: (3.0, 15.0),
    EventType.PAYMENT_REFUNDED: (10.0, 60.0),
}
"""Shortest and longest time, in seconds, since the previous step."""

UNITS_PER_USD = {
    "CNY": 7,
    "IDR": 16_000,
    "INR": 85,
    "JPY": 150,
    "KRW": 1_400,
    "LAK": 21_000,
    "PHP": 57,
    "THB": 33,
    "TWD": 31,
    "VND": 25_000,
}
"""Approximate price level of a currency; default 1."""

MEDIAN_USD, SPREAD, LARGEST_USD = 30.0, 0.9, 5_000.0
"""Order values are log-normal: median and largest in US dollars, sigma of the logarithm."""

PAYMENT_METHODS = {
    "VND": {"momo": 30, "cod": 25, "card": 20, "zalopay": 15, "vnpay": 10},
    "": {"card": 65, "paypal": 25, "apple_pay": 10},
}
CHANNELS = {"web": 50, "app": 40, "store": 10}
COUNTRIES = {"VND": {"VN": 97, "US": 2, "JP": 1}, "": {"US": 60, "SG": 20, "JP": 12, "DE": 8}}
FAILURE_REASONS = {
    "insufficient_funds": 40,
    "declined_by_bank": 25,
    "customer_cancelled": 15,
    "expired_card": 12,
    "timeout": 8,
}
"""Values of the optional fields, in percent; by currency, `""` for all others."""

UUID_FIXED_BITS = (4 << 76) | (2 << 62)
UUID_RANDOM_BITS = ((1 << 128) - 1) ^ (0xF << 76) ^ (3 << 62)


def draw_uuid(rng: Random) -> str:
    """A version 4 UUID from `rng` (RFC 9562)."""
    digits = f"{rng.getrandbits(128) & UUID_RANDOM_BITS | UUID_FIXED_BITS:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def draw_amount(rng: Random, currency: str) -> int | float:
    """An order's value in units of `currency`, with as many decimals as the currency has."""
    usd = min(rng.lognormvariate(0.0, SPREAD) * MEDIAN_USD, LARGEST_USD)
    amount = usd * UNITS_PER_USD.get(currency, 1)
    decimals = decimals_of(currency)
    return round(amount, decimals) if decimals else round(amount)


class _Order:
    """An active order."""

    __slots__ = ("amount", "channel", "country", "currency", "order_id", "path", "payment_method", "user_id")

    def __init__(self, rng: Random, number: int, currencies: Sequence[str]) -> None:
        self.path = _PATH_BY_PERCENT[int(rng.random() * 100)]
        self.order_id = f"ORD{number}"
        self.user_id = f"USR{1000 + int(rng.random() * 9000)}"
        self.currency = currencies[int(rng.random() * len(currencies))]
        self.amount = draw_amount(rng, self.currency)
        kind = self.currency if self.currency in PAYMENT_METHODS else ""
        self.payment_method = _drawn(rng, _METHOD_BY_PERCENT[kind])
        self.channel = _drawn(rng, _CHANNEL_BY_PERCENT)
        self.country = _drawn(rng, _COUNTRY_BY_PERCENT[kind])


def _by_percent(weights: dict[str, int]) -> tuple[str, ...]:
    return tuple(value for value, percent in weights.items() for _ in range(percent))


def _drawn(rng: Random, by_percent: tuple[str, ...]) -> str:
    return by_percent[int(rng.random() * 100)]


_METHOD_BY_PERCENT = {kind: _by_percent(weights) for kind, weights in PAYMENT_METHODS.items()}
_CHANNEL_BY_PERCENT = _by_percent(CHANNELS)
_COUNTRY_BY_PERCENT = {kind: _by_percent(weights) for kind, weights in COUNTRIES.items()}
_FAILURE_BY_PERCENT = _by_percent(FAILURE_REASONS)
_PATH_BY_PERCENT = tuple(PATHS[outcome] for outcome, percent in WEIGHTS.items() for _ in range(percent))
_TYPE_TEXT = {kind: kind.value for kind in EventType}
_STATUS_TEXT = {kind: kind.status.value for kind in EventType}


class Journeys:
    """An endless stream of events of many concurrent orders."""

    def __init__(self, rng: Random, rate: float, currencies: Sequence[str] = DEFAULT_CURRENCIES) -> None:
        """`rate` is events per second; it only scales the delays between the steps of an order."""
        self.rate = rate
        self._rng = rng
        self._currencies = currencies
        self._slot = 0
        self._next_number = rng.randrange(100_000_000, 900_000_000)
        self._waiting: list[tuple[int, int, _Order, int]] = []

    def next_event(self, now: datetime) -> Event:
        """The next event, which happens `now`: the due step of an order, else a new order."""
        self._slot += 1
        if self._waiting and self._waiting[0][0] <= self._slot:
            _, _, order, step = heapq.heappop(self._waiting)
        else:
            order, step = self._new_order(), 0
        self._plan(order, step + 1)
        return _event(self._rng, order, order.path[step], now)

    def stray_event(self, now: datetime) -> Event:
        """An event of an order without a journey, the input of the mutators."""
        return _event(self._rng, self._new_order(), EventType.ORDER_CREATED, now)

    def _new_order(self) -> _Order:
        self._next_number += 1
        return _Order(self._rng, self._next_number, self._currencies)

    def _plan(self, order: _Order, step: int) -> None:
        if step == len(order.path):
            return
        shortest, longest = DELAY_S[order.path[step]]
        delay_s = shortest + self._rng.random() * (longest - shortest)
        due = self._slot + max(1, round(delay_s * self.rate))
        heapq.heappush(self._waiting, (due, self._slot, order, step))


def _event(rng: Random, order: _Order, kind: EventType, now: datetime) -> Event:
    event = {
        "id": draw_uuid(rng),
        "eventTime": to_iso8601(now),
        "eventType": _TYPE_TEXT[kind],
        "orderId": order.order_id,
        "userId": order.user_id,
        "amount": order.amount,
        "currency": order.currency,
        "status": _STATUS_TEXT[kind],
        "paymentMethod": order.payment_method,
        "channel": order.channel,
        "country": order.country,
    }
    if kind is EventType.PAYMENT_FAILED:
        event["failureReason"] = _drawn(rng, _FAILURE_BY_PERCENT)
    return event
