"""A client of the live stream that reads in a thread and remembers when each message came."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from types import TracebackType
from typing import Any, Self

import httpx

WAIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `at` is of `time.monotonic`."""

    name: str
    id: str
    data: Any
    at: float


class LiveClient:
    """An open stream; a context manager that closes it."""

    def __init__(
        self, address: str, *, last_event_id: str | None = None, token: str | None = None, **asked: str
    ) -> None:
        self._headers = {"Accept": "text/event-stream"}
        if last_event_id is not None:
            self._headers["Last-Event-ID"] = last_event_id
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._address, self._asked = f"{address}/api/v1/stream", asked
        self._client = httpx.Client(timeout=httpx.Timeout(WAIT_S, read=None), trust_env=False)
        self._changed = Condition()
        self.messages: list[Received] = []
        self.ended_at: float | None = None

    @property
    def names(self) -> list[str]:
        """The names of what has come, in order."""
        with self._changed:
            return [each.name for each in self.messages]

    @property
    def last_id(self) -> str:
        """The id to resume after."""
        with self._changed:
            return self.messages[-1].id

    def wait(
        self,
        name: str,
        fits: Callable[[Any], bool] = lambda _data: True,
        *,
        after: float = 0.0,
        within_s: float = WAIT_S,
    ) -> Received:
        """The first message `name` after a moment whose data fits; fails with what came where none does in time."""

        def found() -> Received | None:
            for each in self.messages:
                if each.name == name and each.at >= after and fits(each.data):
                    return each
            return None

        with self._changed:
            self._changed.wait_for(found, within_s)
            message = found()
            assert message is not None, (
                f"no such {name} among {[(each.name, str(each.data)[:300]) for each in self.messages]}"
            )
            return message

    def wait_ended(self, within_s: float = WAIT_S) -> None:
        """Return when the server has ended the stream."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.ended_at is not None, within_s), (
                "the stream has not ended"
            )

    def __enter__(self) -> Self:
        request = self._client.build_request("GET", self._address, params=self._asked, headers=self._headers)
        self.response = self._client.send(request, stream=True)
        assert self.response.status_code == 200, self.response.read()
        self._reader = Thread(target=self._read, name="live client")
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._reader.join(WAIT_S)
        self._client.close()
        assert not self._reader.is_alive(), "the reader does not end"

    def _stop(self) -> None:
        """Shut the connection down below the reader, which waits in it."""
        stream = self.response.extensions["network_stream"]
        opened: socket.socket = stream.get_extra_info("socket")
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # the server was first

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.response.iter_lines():
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = value
                elif "event" in fields:
                    self._add(
                        Received(fields["event"], fields["id"], json.loads(fields["data"]), time.monotonic())
                    )
                    fields = {}
        except (httpx.HTTPError, OSError):
            pass
        with self._changed:
            self.ended_at = time.monotonic()
            self._changed.notify_all()

    def _add(self, message: Received) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
