"""`python -m intake map`: what sources make now of messages that did not map, for the batch layer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.sources import LONGEST_DETAIL, KeptMessage, MappedMessage
from intake.mapping.errors import SourceError, UnmappedError
from intake.mapping.mapper import map_request
from intake.mapping.payload import message
from intake.mapping.registry import Registry


def map_command(folder: Annotated[Path, typer.Argument(help="Folder of the shop's own sources.")]) -> None:
    """Map messages, JSON Lines on standard input (`core.sources`), by the sources as they are now."""
    registry = Registry(folder)
    for line in sys.stdin.buffer:
        typer.echo(_mapped(registry, KeptMessage.model_validate_json(line)).model_dump_json())


def _mapped(registry: Registry, kept: KeptMessage) -> MappedMessage:
    """The events; or, if the source is gone or unusable, or still does not understand the message, the reason."""
    try:
        source = registry.get(kept.source)
        if source is None:
            return MappedMessage(
                reason="no_such_source", detail=f"There is no source '{kept.source}' any more."
            )
        events = map_request(source, message(source, kept.content, kept.headers), kept.received_at)
    except SourceError as error:
        return MappedMessage(reason="source_unusable", detail=_storable(error))
    except UnmappedError as error:
        return MappedMessage(reason=error.reason, detail=_storable(error))
    return MappedMessage(events=[event.value.decode() for event in events])


def _storable(error: Exception) -> str:
    """Its text as far as UTF-8 and PostgreSQL can hold it: it may quote the message."""
    text = str(error)[:LONGEST_DETAIL].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode()
