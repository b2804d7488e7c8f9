"""`/v1/sources/{name}`: webhooks and notifications as shop systems and payment gateways send them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from core.logging import get_logger
from core.sources import DETAIL_HEADER, LONGEST_DETAIL, REASON_HEADER, SENT_HEADER, SOURCE_HEADER
from intake import exact_json
from intake.body import read_body
from intake.context import Context, ContextDep
from intake.figures import Outcome
from intake.mapping.errors import UnmappedError
from intake.mapping.mapper import content_id, map_request
from intake.mapping.source import Answer, Source
from intake.outlet import LARGEST_RECORD_BYTES, Record
from intake.problems import ProblemError, UnavailableError, answer
from intake.received import Received
from intake.signatures.scheme import SignatureError

LONGEST_QUERY = 8 * 1024
OUTCOMES: dict[int, Outcome] = {413: "too_large", 429: "limited", 503: "unavailable"}

log = get_logger(__name__)
router = APIRouter(tags=["sources"])
Name = Annotated[str, Path(description="The source: `orderpulse source list` shows them.")]


@router.post("/v1/sources/{name}", summary="Receive a webhook", response_class=Response)
async def post_webhook(name: Name, request: Request, context: ContextDep) -> Response:
    """Verify the signature, map the body to events, answer as the sender wants it once Kafka has acknowledged them.

    A body that does not map is kept too: it goes to Kafka as it is, and the stream rejects it with its reason.
    """
    return await _receive(name, request, context)


@router.get("/v1/sources/{name}", summary="Receive a notification in the address", response_class=Response)
async def get_webhook(name: Name, request: Request, context: ContextDep) -> Response:
    """The same for senders that put everything into the address, as VNPay does."""
    return await _receive(name, request, context)


async def _receive(name: str, request: Request, context: Context) -> Response:
    with context.figures.timed("sources"):
        source = _source(context, name)
        if request.method != source.method:
            detail = f"{source.title} sends its messages by {source.method}."
            raise ProblemError(405, "method_not_allowed", detail, {"Allow": source.method})
        try:
            return await _handle(source, request, context)
        except UnavailableError as error:
            context.figures.count(name, "unavailable")
            return _error(source.answers.unavailable, error)
        except ProblemError as error:
            context.figures.count(name, OUTCOMES.get(error.status, "malformed"))
            context.history.note_refused(name, error.code, str(error))
            raise


async def _handle(source: Source, request: Request, context: Context) -> Response:
    received = await _read(request, context)
    figures = context.figures
    if source.is_ping(received.body):
        figures.count(source.name, "ping")
        return _accepted(source.answers.accepted, 0)
    try:
        source.signature.verify(received, context.secrets.of_source(source.name), context.clock())
    except SignatureError as error:
        figures.count_refused(source.name, error.reason)
        context.history.note_refused(source.name, error.reason, str(error))
        log.warning("webhook.refused", source=source.name, reason=error.reason)
        return _error(source.answers.refused, ProblemError(401, "unauthorized", str(error)))
    context.rate.take(source.name)
    try:
        events = map_request(source, received, context.clock())
    except UnmappedError as error:
        return await _keep_unmapped(source, received, error, context)
    origin = (SOURCE_HEADER, source.name.encode())
    await context.outlet.send([Record(event.key, event.value, (origin,)) for event in events])
    figures.count(source.name, "accepted" if events else "ignored")
    if events:
        figures.count_records(source.name, "event", len(events))
    context.history.note_events(source.name, events, _content(source, received))
    return _accepted(source.answers.accepted, len(events))


async def _keep_unmapped(
    source: Source, received: Received, error: UnmappedError, context: Context
) -> Response:
    """Send the message on as it is, for the stream to reject with this reason."""
    log.warning("webhook.unmapped", source=source.name, reason=error.reason, detail=str(error))
    content = _content(source, received)
    headers = [
        (SOURCE_HEADER, source.name.encode()),
        (REASON_HEADER, error.reason.encode()),
        (DETAIL_HEADER, str(error)[:LONGEST_DETAIL].encode("utf-8", "replace")),
    ]
    sent = [(name, received.headers[name]) for name in source.headers if name in received.headers]
    headers += [(SENT_HEADER + name, value.encode()) for name, value in sent]
    await context.outlet.send([Record(content_id(source.name, content), content, tuple(headers))])
    context.figures.count(source.name, "unmapped")
    context.figures.count_records(source.name, "unmapped", 1)
    context.history.note_unmapped(source.name, error, content)
    return _accepted(source.answers.accepted, 1)


def _content(source: Source, received: Received) -> bytes:
    return received.query.encode() if source.payload == "query" else received.body


def _source(context: Context, name: str) -> Source:
    found = context.sources.get(name)
    if found is None:
        raise ProblemError(404, "no_such_source", "There is no source of this name.")
    return found


async def _read(request: Request, context: Context) -> Received:
    query = request.url.query
    if len(query) > LONGEST_QUERY:
        raise ProblemError(414, "uri_too_long", f"A query may have up to {LONGEST_QUERY} characters.")
    most = min(context.settings.intake.max_body_bytes, LARGEST_RECORD_BYTES)
    return Received(await read_body(request, most), query, dict(request.headers))


def _accepted(own: Answer, records: int) -> Response:
    """The response that the sender expects, or the number of records."""
    if own.status == 204:
        return Response(status_code=204)
    body = {"records": records} if own.body is None else own.body
    return Response(exact_json.dumps(body), own.status, media_type="application/json")


def _error(own: Answer, error: ProblemError) -> Response:
    """The response that the sender expects, or a problem."""
    if own.body is None:
        return answer(error)
    return Response(exact_json.dumps(own.body), error.status, error.headers, "application/json")
