"""The answer that a stream is."""

import asyncio
from contextlib import suppress

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.live.hub import Hub
from api.live.subscriber import Subscriber

__all__ = ["StreamResponse"]

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The second keeps a proxy (nginx) from gathering messages before it passes them on."""

LAST_WORDS_S = 1.0


class StreamResponse(StreamingResponse):
    """Sends what a subscriber is offered until the client leaves, is dropped, or its time is over.

    `ends_in_s`: when the token that the client came with is worth nothing any more.
    """

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, subscriber: Subscriber, ends_in_s: float | None = None) -> None:
        super().__init__(subscriber.chunks(), headers=HEADERS)
        self._hub = hub
        self._subscriber = subscriber
        self._ends_in_s = ends_in_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Serve the stream."""
        sender = asyncio.create_task(self.stream_response(send))
        gone = asyncio.create_task(self.listen_for_disconnect(receive))
        # A client that does not read keeps `send` waiting, so it cannot be told to stop: it is stopped.
        self._subscriber.on_drop = sender.cancel
        try:
            await asyncio.wait((sender, gone), timeout=self._ends_in_s, return_when=asyncio.FIRST_COMPLETED)
            self._subscriber.end()
            if not gone.done():
                with suppress(TimeoutError):
                    await self._finish(sender, send)
        finally:
            self._hub.leave(self._subscriber)
            sender.cancel()
            gone.cancel()
            await asyncio.gather(sender, gone, return_exceptions=True)

    async def _finish(self, sender: asyncio.Task[None], send: Send) -> None:
        """End the answer in order, if the client still takes that."""
        async with asyncio.timeout(LAST_WORDS_S):
            await asyncio.wait((sender,))
            if sender.cancelled():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
