"""The live stream."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import Field

from api.auth.access import MayRead
from api.context import ContextDep
from api.live import Audience, HubClosedError, HubFullError
from api.live.message import TOPICS, Question
from api.live.response import StreamResponse
from api.models import Beat, EventBatch, HealthSummary, KpiReport, WindowBatch
from api.parameters import Parameters
from api.problems import ProblemError
from api.ranges import time_zone

__all__ = ["router"]

router = APIRouter(tags=["stream"])

TOPIC = "|".join(TOPICS)


class StreamParameters(Parameters):
    """What a client wants to be told."""

    range: Literal["15m", "1h", "24h", "today"] = Field("1h", description="Range of the messages `kpi`.")
    tz: str = Field(
        "UTC",
        description="IANA name of the time zone in which `today` begins.",
        max_length=64,
        examples=["Asia/Ho_Chi_Minh"],
    )
    topics: str = Field(
        ",".join(TOPICS),
        description="Comma-separated: which messages are wanted beside `beat` and `resync`.",
        pattern=f"^({TOPIC})(,({TOPIC}))*$",
        max_length=100,
    )


@router.get(
    "/stream",
    status_code=200,  # the document does not find it in the class of the answer
    response_class=StreamResponse,
    summary="What changes, as it is committed",
    responses={
        200: {
            "model": KpiReport | WindowBatch | EventBatch | HealthSummary | Beat,
            "description": "Server-sent events. Each has an id; its name tells what its data is: `kpi` a `KpiReport`, "
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
        str | None, Header(description="Id of the last message that arrived: goes on after it.")
    ] = None,
) -> StreamResponse:
    """Server-sent events. It begins with the present state; send the token as for every other route.

    A client that comes back with `Last-Event-ID` gets what it missed, or `resync`: read everything anew.
    `beat` comes every five seconds, so that silence means a broken connection. The stream ends when the
    token expires.
    """
    time_zone(asked.tz)
    topics = frozenset(topic for topic in TOPICS if topic in asked.topics.split(","))
    hub = context.live.hub
    try:
        subscriber = hub.subscribe(Audience(Question(asked.range, asked.tz), topics), last_event_id)
    except (HubFullError, HubClosedError) as error:
        raise ProblemError(
            503, "There is no stream to be had", str(error), headers={"Retry-After": "5"}
        ) from None
    ends_in_s = None if caller.expires_at is None else max(0.0, caller.expires_at - time.time())
    return StreamResponse(hub, subscriber, ends_in_s)
