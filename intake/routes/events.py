"""`POST /v1/events`: events of the contract from a shop's own programs."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, Field

from core.logging import get_logger
from intake.body import read_body
from intake.context import Context, ContextDep
from intake.events import records
from intake.figures import NOBODY, Outcome
from intake.problems import ProblemError
from intake.signatures.bearer import bearer_key
from intake.signatures.scheme import SignatureError

OUTCOMES: dict[int, Outcome] = {413: "too_large", 429: "limited", 503: "unavailable"}

log = get_logger(__name__)
router = APIRouter(tags=["events"])


class Received(BaseModel):
    """What Kafka has acknowledged."""

    events: int = Field(description="Events that are in Kafka now. The stream judges each by the contract.")


@router.post("/v1/events", summary="Send events")
async def post_events(
    request: Request,
    context: ContextDep,
    authorization: Annotated[str, Header(description="`Bearer` and the key of the sender.")] = "",
) -> Received:
    """One event, a list of events, JSON Lines, or CloudEvents; `Content-Encoding: gzip` is accepted.

    Answers once Kafka has acknowledged all of them. After any other answer send all of them again: an event that was
    written already is counted once, by its id.
    """
    with context.figures.timed("events"):
        sender = _sender(context, authorization)
        try:
            return await _receive(request, context, sender)
        except ProblemError as error:
            context.figures.count(sender, OUTCOMES.get(error.status, "malformed"))
            raise


async def _receive(request: Request, context: Context, sender: str) -> Received:
    context.rate.take(sender)
    limits = context.settings.intake
    body = await read_body(request, limits.max_body_bytes)
    found = records(body, request.headers.get("content-type", ""), sender, limits.max_batch_events)
    await context.outlet.send(found)
    context.figures.count(sender, "accepted")
    context.figures.count_records(sender, "event", len(found))
    context.senders.note_sent(sender, len(found))
    return Received(events=len(found))


def _sender(context: Context, authorization: str) -> str:
    try:
        return context.secrets.sender(bearer_key(authorization))
    except SignatureError as error:
        context.figures.count_refused(NOBODY, error.reason)
        log.warning("events.refused", reason=error.reason)
        detail = "Send `Authorization: Bearer KEY` with the key of a sender; `orderpulse source key NAME` makes one."
        raise ProblemError(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"}) from None
