"""Records that broke a rule."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from api.context import ContextDep
from api.cursors import decode_cursor, encode_cursor, fingerprint
from api.models import RejectedPage
from api.parameters import Cursor, TimeFilter
from api.queries.freshness import read_freshness
from api.queries.rejected import REJECTED, rejected_filters, search_rejected
from core.events import RejectReason
from core.sources import NAME_PATTERN

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
router = APIRouter(tags=["rejected"])


class RejectedQuery(TimeFilter):
    """Filters on rejected records, and the page. `from` and `to` are times of the rejection."""

    reason: list[RejectReason] = Field([], description="One of these; may be repeated.")
    source: list[Name] = Field(
        [], description="The source or sender that intake received it from, one of these; may be repeated."
    )
    limit: int = Field(100, ge=1, le=500, description="Maximum rows of a page.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the previous page.")


@router.get("/rejected", summary="Rejected records, newest first")
async def get_rejected(context: ContextDep, asked: Annotated[RejectedQuery, Query()]) -> RejectedPage:
    """A page of the records that broke a rule, with the reason and the beginning of their value.

    Pages like those of `/events`. A payload is untrusted text: display it as plain text.
    """
    mark = fingerprint("rejected", asked)
    after = None if asked.cursor is None else decode_cursor(asked.cursor, mark, REJECTED.kinds)
    filters = rejected_filters(list(asked.reason), asked.source, asked.from_, asked.to)
    async with context.database.connection() as connection:
        fresh = await read_freshness(connection, context.settings.checks.freshness_limit_s)
        records, behind = await search_rejected(connection, filters, after, asked.limit)
    cursor = None if behind is None else encode_cursor(behind, mark)
    return RejectedPage(**dict(fresh), items=records, next_cursor=cursor)
