"""Files generated from `core.events` and `core.kpis`: the event's JSON Schema and AsyncAPI, and the KPIs' files.

`python -m core.schemas` writes them; a test fails if the committed files are out of date.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from core.currencies import DEFAULT_CURRENCIES
from core.events import (
    AMOUNT_PRECISION,
    AMOUNT_SCALE,
    DIMENSIONS,
    EVENT_TIME_PATTERN,
    FIELDS,
    FUTURE_LIMIT,
    LATENESS_LIMIT,
    MAX_DIMENSION_LENGTH,
    MAX_ID_LENGTH,
    SCHEMA_VERSION,
    WHITESPACE,
    Dimension,
    Field,
    RejectReason,
    fields_with,
)
from core.schemas.kpi_documents import kpi_documents
from core.topics import EVENTS_RAW, MAX_BATCH_BYTES

FOLDER = Path(__file__).parent
JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
DECIMALS = (
    "The number is validated as written: further decimals other than 0 make it amount_too_precise. This schema "
    "cannot express that: most validators calculate in doubles, where 129.95 is not a multiple of 0.01. Before "
    f"sending, compare the amount with itself rounded to {AMOUNT_SCALE} decimals."
)


def event_schema(currencies: Collection[str] = DEFAULT_CURRENCIES) -> dict[str, Any]:
    """JSON Schema (2020-12) that accepts what the rules accept, except for times relative to Kafka."""
    return {
        "$schema": JSON_SCHEMA_DIALECT,
        "$id": "urn:orderpulse:event:v1",
        "title": "Order or payment event",
        "description": (
            "One record of the topic events_raw: strict RFC 8259, valid UTF-8. Unknown fields are ignored. "
            f"Beyond this schema an event is rejected as late if eventTime is more than {LATENESS_LIMIT} behind "
            f"the time at which Kafka received it, as future if more than {FUTURE_LIMIT} ahead."
        ),
        "type": "object",
        "required": [field.name for field in FIELDS],
        "properties": {field.name: _property(field) for field in fields_with(currencies)}
        | {dimension.name: _optional(dimension) for dimension in DIMENSIONS}
        | {
            "schemaVersion": {"description": "Version of this contract; optional.", "default": SCHEMA_VERSION}
        },
        "additionalProperties": True,
        "examples": [_example()],
    }


def _example() -> dict[str, Any]:
    """A payment that succeeded, so without a failure reason."""
    return {field.name: field.example for field in (*FIELDS, *DIMENSIONS) if field.name != "failureReason"}


def _optional(dimension: Dimension) -> dict[str, Any]:
    """Without constraints: no value makes the event invalid."""
    case = "upper" if dimension.upper else "lower"
    rule = (
        f"Optional. Trimmed, in {case} case, 1 to {MAX_DIMENSION_LENGTH} of letters (A to Z), digits, `_`, `-` and `.`; "
        "anything else is unknown, and never a reason to reject the event."
    )
    return {"description": f"{dimension.description} {rule}", "examples": [dimension.example]}


def _property(field: Field) -> dict[str, Any]:
    described = {"description": field.description, "examples": [field.example]}
    match field.kind:
        case "identifier":
            return {"type": "string", "pattern": _identifier_pattern(field)} | described
        case "event_time":
            return {"type": "string", "pattern": EVENT_TIME_PATTERN, "format": "date-time"} | described
        case "enumeration":
            return {"type": "string", "enum": list(field.allowed)} | described
        case "amount":
            largest = 10 ** (AMOUNT_PRECISION - AMOUNT_SCALE) - 10**-AMOUNT_SCALE
            return (
                {"type": "number", "minimum": 0, "maximum": largest}
                | described
                | {"description": f"{field.description} {DECIMALS}"}
            )


def _identifier_pattern(field: Field) -> str:
    anything = r"[^\u0000]"
    if not field.trimmed:
        return f"^{anything}{{1,{MAX_ID_LENGTH}}}$"
    escaped = WHITESPACE.encode("unicode_escape").decode().replace("\\x0c", "\\f").replace("\\x0b", "\\v")
    visible = f"[^{escaped}\\u0000]"
    return f"^[{escaped}]*{visible}({anything}{{0,{MAX_ID_LENGTH - 2}}}{visible})?[{escaped}]*$"


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0 document of the topic."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "orderpulse events",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": "Orders and payments of a shop, as its producers send them.",
        },
        "servers": {"local": {"host": "localhost:9092", "protocol": "kafka"}},
        "channels": {
            EVENTS_RAW.name: {
                "address": EVENTS_RAW.name,
                "messages": {"event": {"$ref": "#/components/messages/event"}},
                "bindings": {
                    "kafka": {
                        "topic": EVENTS_RAW.name,
                        "partitions": EVENTS_RAW.partitions,
                        "replicas": 1,
                        "topicConfiguration": {
                            "cleanup.policy": ["delete"],
                            "max.message.bytes": MAX_BATCH_BYTES,
                            "retention.ms": EVENTS_RAW.retention_ms,
                        },
                    }
                },
            }
        },
        "operations": {
            "sendEvent": {"action": "send", "channel": {"$ref": f"#/channels/{EVENTS_RAW.name}"}},
            "receiveEvent": {"action": "receive", "channel": {"$ref": f"#/channels/{EVENTS_RAW.name}"}},
        },
        "components": {
            "messages": {
                "event": {
                    "name": "event",
                    "title": "Order or payment event",
                    "contentType": "application/json",
                    "bindings": {"kafka": {"key": {"type": "string", "description": "The orderId."}}},
                    "payload": event_schema(),
                }
            }
        },
        "x-reject-reasons": {reason.value: reason.meaning for reason in RejectReason},
    }


def documents() -> dict[Path, str]:
    """Path and text of each generated file."""
    return {
        FOLDER / "event.schema.json": _text(event_schema()),
        FOLDER / "events.asyncapi.json": _text(asyncapi()),
        **kpi_documents(),
    }


def write() -> None:
    """Write the generated files."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
