"""Why something does not map."""

from core.errors import OrderpulseError, SettingsError


class SourceError(SettingsError):
    """A source's file is missing or wrong; the text names the place in it."""


class UnmappedError(OrderpulseError):
    """A payload from which a source makes no event. `reason` is a code for headers and logs."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
