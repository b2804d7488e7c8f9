"""The events of a request to `/v1/events`, as records: one, a list, JSON Lines, or CloudEvents.

An event is passed on as it was written, byte for byte if it stands alone or in a list; the stream validates it.
"""

from collections.abc import Iterator
from typing import Any

from core.sources import SOURCE_HEADER
from intake import exact_json
from intake.mapping.mapper import content_id
from intake.outlet import LARGEST_RECORD_BYTES, Record
from intake.problems import ProblemError

JSON_LINES = {
    "application/x-ndjson",
    "application/jsonl",
    "application/json-lines",
    "application/x-jsonlines",
}
CLOUD_EVENT, CLOUD_EVENTS = "application/cloudevents+json", "application/cloudevents-batch+json"
JSON = {"application/json", "text/json"}
MEDIA_TYPES = sorted({*JSON, *JSON_LINES, CLOUD_EVENT, CLOUD_EVENTS})
"""CloudEvents 1.0: structured and batch mode (JSON event format, sections 3 and 4); binary mode is an event as JSON."""


def records(body: bytes, content_type: str, sender: str, most: int) -> list[Record]:
    """The records of a body. Raises `ProblemError` if the body as a whole cannot be read, or has too many."""
    found: list[Record] = []
    try:
        for value, event in _values(body, content_type.partition(";")[0].strip().lower()):
            if len(found) == most:
                raise ProblemError(413, "too_many_events", f"A request may have up to {most:,} events.")
            found.append(_record(value, event, sender))
    except ValueError as error:
        raise ProblemError(400, "malformed", f"The body cannot be read: {error}.") from None
    if not found:
        raise ProblemError(400, "malformed", "The body holds no event.")
    return found


def _values(body: bytes, media_type: str) -> Iterator[tuple[bytes, Any]]:
    """Each event as it is written, and as a value if it is JSON."""
    if media_type in JSON_LINES:
        for line in body.splitlines():
            if line.strip():
                yield line, _value(line)
        return
    text = body.decode()
    if media_type == CLOUD_EVENT:
        yield _data(exact_json.loads(text))
    elif media_type == CLOUD_EVENTS:
        for _, event in exact_json.elements(text):
            yield _data(event)
    elif media_type not in JSON:
        raise ProblemError(
            415, "unsupported_type", f"`Content-Type` must be one of {', '.join(MEDIA_TYPES)}."
        )
    elif text.lstrip().startswith("["):
        for written, event in exact_json.elements(text):
            yield written.encode(), event
    else:
        yield body, exact_json.loads(text)


def _value(line: bytes) -> Any:
    """A line's value; None if it is not JSON, which the stream rejects."""
    try:
        return exact_json.loads(line)
    except ValueError:
        return None


def _data(event: Any) -> tuple[bytes, Any]:
    """The event in a CloudEvent. Its numbers are written again digit by digit, which no general library does."""
    match event:
        case {"specversion": str(version), "data": dict(data)} if version.startswith("1."):
            return exact_json.dumps(data), data
    raise ValueError("a CloudEvent is an object with `specversion` 1.0 whose `data` is a JSON object")


def _record(value: bytes, event: Any, sender: str) -> Record:
    if len(value) > LARGEST_RECORD_BYTES:
        raise ProblemError(413, "too_large", f"An event may have up to {LARGEST_RECORD_BYTES:,} bytes.")
    order = event.get("orderId") if isinstance(event, dict) else None
    try:
        key = order.encode() if isinstance(order, str) and order else content_id(sender, value)
    except UnicodeEncodeError:  # half of a character; the stream rejects the event
        key = content_id(sender, value)
    return Record(key, value, ((SOURCE_HEADER, sender.encode()),))
