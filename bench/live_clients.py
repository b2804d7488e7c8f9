"""`python -m bench.live_clients PORT CLIENTS SECONDS FILE`: many clients of the live stream in one process.

They read as cheaply as possible, so as not to disturb the measured process. The time of each
update is recorded (seconds of the monotonic clock, which all processes share).
"""

import asyncio
import sys
import time
from array import array
from pathlib import Path
from typing import cast

import uvloop

RANGES = ("range=15m", "range=1h", "range=24h", "range=today&tz=Asia/Ho_Chi_Minh")
UPDATE = b"event: windows"
CONNECT_AT_ONCE = 50


class Client(asyncio.Protocol):
    """One browser tab."""

    def __init__(self, number: int, updates: list[float]) -> None:
        self._question = RANGES[number % len(RANGES)]
        self._updates = updates
        self.opened = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Request the stream."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass
        self._transport.write(
            f"GET /api/v1/stream?{self._question} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Record an update; each arrives as one chunk."""
        self.opened.set()
        if UPDATE in data:
            self._updates.append(time.monotonic())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's own
        """Count a lost connection, unless the measurement is over."""
        self.lost = True
        self.opened.set()

    def close(self) -> None:
        """Leave."""
        self._transport.close()


async def run(port: int, count: int, seconds: float) -> list[float]:
    """Open the streams, report that, listen, report lost ones. Returns the times of updates."""
    loop, updates = asyncio.get_running_loop(), list[float]()
    clients: list[Client] = []
    for first in range(0, count, CONNECT_AT_ONCE):
        group = [Client(number, updates) for number in range(first, min(count, first + CONNECT_AT_ONCE))]
        for client in group:
            await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.gather(*(client.opened.wait() for client in group))
        clients += group
    print("open", flush=True)
    await asyncio.sleep(seconds)
    lost = sum(client.lost for client in clients)
    for client in clients:
        client.close()
    print(lost, flush=True)
    return updates


def main() -> None:
    """Entry point."""
    port, count, seconds, file = sys.argv[1:]
    updates = uvloop.run(run(int(port), int(count), float(seconds)))
    Path(file).write_bytes(array("d", updates).tobytes())


if __name__ == "__main__":
    main()
