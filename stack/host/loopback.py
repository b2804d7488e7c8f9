"""Requests to servers on this machine, never through a proxy."""

from http.client import HTTPResponse
from urllib.request import ProxyHandler, build_opener


def ask(address: str, timeout_s: float) -> HTTPResponse:
    """The server's response; a context manager. Raises urllib's errors."""
    answer: HTTPResponse = build_opener(ProxyHandler({})).open(address, timeout=timeout_s)
    return answer
