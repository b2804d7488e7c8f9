"""A message tried on a source: the events that it would give, and the contract's verdict on each. Sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.settings import Settings
from intake.mapping.mapper import Mapped, map_request
from intake.mapping.payload import message
from intake.mapping.source import Source
from intake.mapping.verdict import FieldVerdict, verdicts


@dataclass(frozen=True, slots=True)
class Trial:
    """One event, and the verdict on each of its fields."""

    event: Mapped
    fields: list[FieldVerdict]

    @property
    def accepted(self) -> bool:
        """Whether the contract accepts all fields."""
        return not any(each.fault for each in self.fields)


def try_message(
    settings: Settings, source: Source, content: bytes, headers: Mapping[str, str], now: datetime
) -> list[Trial]:
    """The events of a message (its body, or its query) with `headers`, named in lower case.

    Raises `UnmappedError` if the source does not understand it.
    """
    received = message(source, content, headers)
    currencies = settings.shop.currency_codes()
    return [Trial(event, verdicts(event, now, currencies)) for event in map_request(source, received, now)]
