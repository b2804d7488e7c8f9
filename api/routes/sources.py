"""Shops and gateways that send to intake: how to connect each, what came from it, and a message to try."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.context import ContextDep
from api.queries.sources import read_counts, read_waiting, with_counts, with_waiting
from core.errors import DatabaseError
from core.sources import NAME_PATTERN, FailedMessages, SourceList, TryRequest, TryResult

router = APIRouter(prefix="/sources", tags=["sources"])
Name = Annotated[str, Path(pattern=NAME_PATTERN, description="As `/sources` lists it.")]


@router.get("", summary="All sources, connected ones first")
async def get_sources(context: ContextDep) -> SourceList:
    """How to connect each source, and what came from it in the last hour.

    Intake counts in memory, since `since`, and judges the events of sources on arrival; the stream has the last word.
    What waits to be mapped again, and what it rejected of senders, is read from the database.
    """
    found = await context.intake.sources()
    try:
        async with context.database.connection() as connection:
            return with_counts(found, await read_counts(connection))
    except DatabaseError:
        return found


@router.get("/{name}/failed", summary="Messages that became no accepted event, newest first")
async def get_failed(context: ContextDep, name: Name) -> FailedMessages:
    """The newest messages of a source that did not map or whose event breaks the contract, with the reason.

    Those that did not map are those that wait in the database, until they are mapped again. Intake keeps the others, and
    all while the database does not answer, in memory for a day. A payload is untrusted text: display it as plain text.
    """
    found = await context.intake.failed(name)
    try:
        async with context.database.connection() as connection:
            return with_waiting(found, await read_waiting(connection, name, found.limit))
    except DatabaseError:
        return found


@router.post("/{name}/try", summary="What a message would give")
async def try_message(context: ContextDep, name: Name, wanted: TryRequest) -> TryResult:
    """The events that a message maps to, and the contract's verdict on each field. Nothing is sent, kept or verified."""
    return await context.intake.attempt(name, wanted)
