"""A shop's past, made up: orders over two years with the paths that real ones take, and files of it."""

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import orjson

from core.clock import to_iso8601
from core.events import FIELDS
from tests.truth import Event

SPAN_S = 2 * 365 * 24 * 3600
BEGIN = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2 * 365 + 30)
COLUMNS = [field.name for field in FIELDS]
PATHS = {"paid": 60, "split": 10, "retried": 10, "refunded": 10, "cancelled": 5, "abandoned": 5}
STATUS = {"payment_success": "success", "payment_refunded": "success"}
FAILED = ("payment_failed", "order_cancelled")


@dataclass
class History:
    """Events, each once, and the lines of a file: also repeated ones, and rows that break a rule (their reason by line)."""

    events: list[Event]
    lines: list[Event]
    broken: dict[int, str]


def history(random: Random, orders: int) -> History:
    """Events in the order of their times, every hundredth line of them repeated, every fiftieth row broken."""
    events = sorted(
        (event for number in range(orders) for event in _order(random, number)),
        key=lambda event: str(event["eventTime"]),
    )
    lines: list[Event] = []
    broken = {}
    for number, event in enumerate(events):
        lines.append(event)
        if number % 100 == 99:
            lines.append(events[random.randrange(number)])
        if number % 50 == 49:
            change, reason = random.choice(BREAKS)
            lines.append(event | {"id": _id(random)} | change)
            broken[len(lines) + 1] = reason  # the first line of a file has the names
    return History(events, lines, broken)


BREAKS: list[tuple[Event, str]] = [
    ({"amount": "12.345"}, "amount_too_precise"),
    ({"amount": "1,299.00"}, "wrong_type"),
    ({"amount": "-5"}, "amount_negative"),
    ({"currency": "usd"}, "not_allowed"),
    ({"eventTime": "2025-03-01 09:30:00"}, "bad_event_time"),
    ({"eventTime": "2999-03-01T09:30:00Z"}, "future"),
    ({"userId": ""}, "missing_field"),
    ({"orderId": "O" * 51}, "bad_length"),
]


def write_csv(path: Path, lines: Iterable[Event]) -> None:
    """A CSV file, compressed if its name says so; an amount has the digits of its text."""
    with _opened(path) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(lines)


def write_json_lines(path: Path, lines: Iterable[Event]) -> None:
    """The same as JSON Lines."""
    with _opened(path) as file:
        for line in lines:
            file.write(as_json(line))


def as_json(event: Event) -> str:
    """A line, whose amount is a number with the digits of its text."""
    return orjson.dumps(event | {"amount": orjson.Fragment(event["amount"])}).decode() + "\n"


def _opened(path: Path) -> io.TextIOWrapper:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.GzipFile(path, "wb", compresslevel=1), encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")


def _order(random: Random, number: int) -> Iterator[Event]:
    currency = random.choice(("VND", "USD"))
    amount = Decimal(random.randrange(100, 100_000)).scaleb(-2 if currency == "USD" else 3)
    half = (amount / 2).quantize(Decimal(1) if currency == "VND" else Decimal("0.01"))
    moment = BEGIN + timedelta(seconds=random.uniform(0, SPAN_S))
    path = random.choices(list(PATHS), list(PATHS.values()))[0]
    steps = {
        "paid": [("payment_initiated", amount), ("payment_success", amount)],
        "split": [
            ("payment_initiated", amount),
            ("payment_success", half),
            ("payment_success", amount - half),
        ],
        "retried": [("payment_initiated", amount), ("payment_failed", amount), ("payment_success", amount)],
        "refunded": [
            ("payment_initiated", amount),
            ("payment_success", amount),
            ("payment_refunded", half),
            ("payment_refunded", amount - half),
        ],
        "cancelled": [("payment_initiated", amount), ("order_cancelled", amount)],
        "abandoned": [],
    }
    for kind, money in [("order_created", amount), *steps[path]]:
        yield {
            "id": _id(random),
            "eventTime": to_iso8601(moment),
            "eventType": kind,
            "orderId": f"ORD{number:06}",
            "userId": f"USR{random.randrange(10_000)}",
            "amount": format(money, "f"),
            "currency": currency,
            "status": STATUS.get(kind, "failed" if kind in FAILED else "pending"),
        }
        moment += timedelta(seconds=random.expovariate(1 / 90))


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
