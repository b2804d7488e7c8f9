"""Errors as the API answers them: RFC 9457 problems, for every status and from every layer."""

from collections.abc import Iterable, Mapping

from core.errors import OrderpulseError

__all__ = ["ParameterError", "NotFoundError", "ProblemError"]


class ProblemError(OrderpulseError):
    """An error that a route answers. `detail` says what happened, what it means, what to do.

    `faults` are (parameter, message) pairs; `headers` are added to the answer.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        faults: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = list(faults)
        self.headers = dict(headers or {})


class ParameterError(ProblemError):
    """Parameters that are well-formed, yet do not make a question; each with what is wrong."""

    def __init__(self, faults: Iterable[tuple[str, str]]) -> None:
        named = list(faults)
        super().__init__(422, "The parameters are not usable", in_words(named), faults=named)


class NotFoundError(ProblemError):
    """There is no such thing."""

    def __init__(self, detail: str) -> None:
        super().__init__(404, "There is no such thing", detail)


def in_words(faults: Iterable[tuple[str, str]]) -> str:
    """The faults as one text."""
    return " ".join(f"{parameter}: {message}" for parameter, message in faults)
