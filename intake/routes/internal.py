"""`/internal/sources`: what the API asks, for the dashboard's page Sources. Each request needs the internal key."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import ValidationError

from core.clock import utc_now
from core.errors import SettingsError
from core.sources import (
    MAX_REQUEST_BYTES,
    PATH,
    FailedMessages,
    SenderStatus,
    SourceList,
    SourceStatus,
    TriedEvent,
    TriedField,
    TryRequest,
    TryResult,
)
from intake.address import source_address
from intake.body import read_body
from intake.context import Context, ContextDep
from intake.mapping.errors import SourceError, UnmappedError
from intake.mapping.source import Source
from intake.problems import ProblemError
from intake.recent import KEPT
from intake.trial import Trial, try_message

BEARER = "Bearer "


async def _authorize(context: ContextDep, authorization: Annotated[str, Header()] = "") -> None:
    """Refuse a request without the internal key; without a configured one, every request."""
    key = context.settings.intake.internal_key
    sent = authorization.removeprefix(BEARER).encode()
    if key is None or not hmac.compare_digest(sent, key.get_secret_value().encode()):
        raise ProblemError(401, "unauthorized", "This needs the internal key, which only the API has.")


router = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(_authorize)])


@router.get("")
async def list_sources(context: ContextDep) -> SourceList:
    """All sources, connected ones first, and the senders of events."""
    found = [_status(context, name) for name in context.sources.names()]
    senders = context.secrets.senders() | context.senders.names()
    return SourceList(
        since=context.history.since,
        sources=sorted(found, key=lambda each: (not each.connected, each.name)),
        senders=[_sender(context, name) for name in sorted(senders)],
    )


@router.get("/{name}/failed")
async def list_failed(context: ContextDep, name: str) -> FailedMessages:
    """The newest messages of a source that became no accepted event."""
    _known(context, name)
    return FailedMessages(since=context.history.since, limit=KEPT, items=list(context.history.failed(name)))


@router.post("/{name}/try")
async def try_source(context: ContextDep, name: str, request: Request) -> TryResult:
    """What a message would give. Sends nothing, keeps nothing, and verifies no signature."""
    try:
        source = _usable(context, name)
        wanted = TryRequest.model_validate_json(await read_body(request, MAX_REQUEST_BYTES))
    except SourceError as error:
        raise ProblemError(422, "source_unusable", str(error)) from None
    except ValidationError:
        raise ProblemError(400, "malformed", "The body needs a `payload`; `headers` are optional.") from None
    headers = {header.lower(): value for header, value in wanted.headers.items()}
    try:
        content = wanted.payload.encode()
        trials = try_message(context.settings, source, content, headers, utc_now())
    except UnicodeEncodeError:
        return TryResult(
            outcome="unmapped", reason="not_utf8", detail="a text contains half of a character", events=[]
        )
    except UnmappedError as error:
        return TryResult(outcome="unmapped", reason=error.reason, detail=str(error), events=[])
    return TryResult(
        outcome="events" if trials else "without_event",
        reason=None,
        detail=None,
        events=[_tried(each) for each in trials],
    )


def _known(context: Context, name: str) -> None:
    if context.sources.path(name) is None:
        raise ProblemError(404, "no_such_source", "There is no source of this name.")


def _usable(context: Context, name: str) -> Source:
    found = context.sources.get(name)
    if found is None:
        raise ProblemError(404, "no_such_source", "There is no source of this name.")
    return found


def _status(context: Context, name: str) -> SourceStatus:
    source, secret_set, fault = None, False, None
    try:
        source = context.sources.get(name)
        secret_set = bool(context.secrets.of_source(name).secrets)
    except SettingsError as error:
        fault = str(error)
    received_at = context.history.last_received_at(name)
    return SourceStatus(
        name=name,
        title=name if source is None else source.title,
        fault=fault,
        own=context.sources.is_own(name),
        connected=secret_set or received_at is not None,
        secret_set=secret_set,
        address=source_address(context.settings, name),
        method="POST" if source is None else source.method,
        payload="json" if source is None else source.payload,
        headers=[] if source is None else list(source.headers),
        steps=[] if source is None else list(source.setup),
        steps_vi=[] if source is None else list(source.setup_vi),
        last_received_at=received_at,
        last_hour=context.history.last_hour(name),
        last_refused=context.history.last_refused(name),
        waiting=None,
    )


def _sender(context: Context, name: str) -> SenderStatus:
    return SenderStatus(
        name=name,
        last_received_at=context.senders.last_received_at(name),
        received=context.senders.last_hour(name).accepted,
        rejected=None,
        accepted=None,
    )


def _tried(trial: Trial) -> TriedEvent:
    fields = [
        TriedField(
            name=each.name, value=each.value, origin=list(each.origin), fault=each.fault, timing=each.timing
        )
        for each in trial.fields
    ]
    return TriedEvent(accepted=trial.accepted, fields=fields)
