"""The response of a live stream."""

import asyncio
from contextlib import suppress

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.live.hub import Hub
from api.live.subscriber import Subscriber

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The second keeps a proxy (nginx) from buffering messages."""

CLOSE_TIMEOUT_S = 1.0


class StreamResponse(StreamingResponse):
    """Sends a subscriber's messages until the client leaves, is dropped, or its token expires.

    `ends_in_s`: seconds until the client's token expires.
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
        # A client that does not read blocks `send`, so the task is cancelled.
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
        """End the response cleanly, if the client still reads."""
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await asyncio.wait((sender,))
            if sender.cancelled():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
