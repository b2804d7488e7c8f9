"""The live stream."""

import time
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import Field

from api.auth.access import MayRead
from api.context import ContextDep
from api.edge.problems import ProblemError
from api.live import Audience, HubClosedError, HubFullError
from api.live.message import TOPICS, RangeKey
from api.live.response import StreamResponse
from api.models import Beat, EventBatch, HealthSummary, KpiReport, WindowBatch
from api.models.common import RangeName
from api.parameters import TODAY_ZONE, Parameters, ZoneName
from api.ranges import time_zone

router = APIRouter(tags=["stream"])

TOPIC = "|".join(TOPICS)
RANGES: tuple[RangeName, ...] = ("15m", "1h", "24h", "today")
RANGE = "|".join(RANGES)


class StreamParameters(Parameters):
    """The messages that a client requests."""

    range: str = Field(
        "1h",
        description="Comma-separated ranges of the `kpi` messages; each message names its range. Tabs of a browser share "
        "one stream.",
        pattern=f"^({RANGE})(,({RANGE}))*$",
        max_length=100,
        examples=["15m,today"],
    )
    tz: ZoneName = Field("UTC", description=TODAY_ZONE)
    topics: str = Field(
        ",".join(TOPICS),
        description="Comma-separated: the messages to send in addition to `beat` and `resync`.",
        pattern=f"^({TOPIC})(,({TOPIC}))*$",
        max_length=100,
    )


@router.get(
    "/stream",
    status_code=200,  # FastAPI does not derive it from the response class
    response_class=StreamResponse,
    summary="Changes as they are committed",
    responses={
        200: {
            "model": KpiReport | WindowBatch | EventBatch | HealthSummary | Beat,
            "description": "Server-sent events. Each has an id; its name determines its data: `kpi` a `KpiReport`, "
            "`windows` a `WindowBatch`, `events` an `EventBatch`, `health` a `HealthSummary`, `beat` a `Beat`, `resync` "
            "an empty object.",
        },
        503: {"description": "There are too many streams, or the API is stopping."},
    },
)
async def stream(
    context: ContextDep,
    caller: MayRead,
    asked: Annotated[StreamParameters, Query()],
    last_event_id: Annotated[
        str | None, Header(description="Id of the last message received: the stream resumes after it.")
    ] = None,
) -> StreamResponse:
    """Server-sent events, beginning with the current state; send the token as for every other route.

    A client that reconnects with `Last-Event-ID` gets the messages it missed, or `resync`: reload everything.
    `beat` is sent every five seconds, so that silence means a broken connection. The stream ends when the
    token expires.
    """
    time_zone(asked.tz)
    topics = frozenset(topic for topic in TOPICS if topic in asked.topics.split(","))
    range_keys = frozenset(RangeKey(name, asked.tz) for name in RANGES if name in asked.range.split(","))
    hub = context.live.hub
    try:
        subscriber = hub.subscribe(Audience(range_keys, topics), last_event_id)
    except (HubFullError, HubClosedError) as error:
        raise ProblemError(
            503, "stream_refused", "The stream is not available", str(error), headers={"Retry-After": "5"}
        ) from None
    ends_in_s = None if caller.expires_at is None else max(0.0, caller.expires_at - time.time())
    return StreamResponse(hub, subscriber, ends_in_s)
