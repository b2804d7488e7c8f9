"""Records that broke a rule."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.context import ContextDep
from api.cursors import decode_cursor, encode_cursor, fingerprint
from api.models import RejectedPage
from api.parameters import Cursor, TimeFilter
from api.queries.freshness import read_freshness
from api.queries.rejected import REJECTED, rejected_filters, search_rejected
from core.events import RejectReason

__all__ = ["router"]

router = APIRouter(tags=["rejected"])


class RejectedQuery(TimeFilter):
    """Filters on rejected records, and which page. `from` and `to` are of the rejection."""

    reason: list[RejectReason] = Field([], description="One of these; may be repeated.")
    limit: int = Field(100, ge=1, le=500, description="Most rows of a page.")
    cursor: Cursor | None = Field(None, description="`next_cursor` of the page before.")


@router.get("/rejected", summary="Rejected records, the newest first")
async def get_rejected(context: ContextDep, asked: Annotated[RejectedQuery, Query()]) -> RejectedPage:
    """A page of the records that broke a rule, with the reason and the beginning of what they held.

    Pages as those of `/events`. A payload is text to be shown as it is; it is anything that anybody sent.
    """
    mark = fingerprint("rejected", asked)
    after = None if asked.cursor is None else decode_cursor(asked.cursor, mark, REJECTED.kinds)
    filters = rejected_filters(list(asked.reason), asked.from_, asked.to)
    async with context.database.connection() as connection:
        fresh = await read_freshness(connection, context.settings.checks.freshness_limit_s)
        records, behind = await search_rejected(connection, filters, after, asked.limit)
    cursor = None if behind is None else encode_cursor(behind, mark)
    return RejectedPage(**dict(fresh), items=records, next_cursor=cursor)
