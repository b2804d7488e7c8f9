"""Share one result among concurrent requests.

A response contains its own time (`as_of`), so one that is a fifth of a second old is still correct.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Caches results by key for `life_s` seconds from the start of their computation. For one event loop."""

    def __init__(self, life_s: float) -> None:
        self._life_s = life_s
        self._made: dict[Hashable, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result of `make`, or of a recent request's. Failures are shared, but not cached.

        A request that is cancelled meanwhile does not affect the others.
        """
        now = asyncio.get_running_loop().time()
        began, task = self._made.get(key, (0.0, None))
        if task is None or now - began >= self._life_s or (task.done() and _failed(task)):
            self._forget_old(now)
            task = asyncio.ensure_future(_await(make))
            task.add_done_callback(_failed)
            self._made[key] = now, task
        return await asyncio.shield(task)

    def _forget_old(self, now: float) -> None:
        old = [
            key for key, (began, task) in self._made.items() if task.done() and now - began >= self._life_s
        ]
        for key in old:
            del self._made[key]


async def _await(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


def _failed(task: asyncio.Task[T]) -> bool:
    """Whether the task failed; reading the error keeps asyncio from logging it as unhandled."""
    return task.cancelled() or task.exception() is not None
