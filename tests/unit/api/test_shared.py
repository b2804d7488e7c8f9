"""Answers that many ask for at once are made once."""

import asyncio

import pytest

from api.edge.shared import Shared


class Maker:
    """Counts how often it was asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        await self.gate.wait()
        return self.asked


def test_who_asks_meanwhile_or_soon_after_gets_the_same() -> None:
    async def ask() -> list[int]:
        shared, make = Shared[int](60), Maker()
        waiting = [asyncio.create_task(shared.get("a", make)) for _ in range(5)]
        await asyncio.sleep(0)
        make.gate.set()
        return [*await asyncio.gather(*waiting), await shared.get("a", make), await shared.get("b", make)]

    assert asyncio.run(ask()) == [1, 1, 1, 1, 1, 1, 2]


def test_an_old_answer_is_computed_again() -> None:
    async def ask() -> list[int]:
        shared, make = Shared[int](0), Maker()
        make.gate.set()
        return [await shared.get("a", make), await shared.get("a", make)]

    assert asyncio.run(ask()) == [1, 2]


def test_a_failure_is_reported_and_not_kept() -> None:
    async def fail() -> int:
        raise ValueError("no")

    async def ask() -> int:
        shared, make = Shared[int](60), Maker()
        make.gate.set()
        with pytest.raises(ValueError, match="no"):
            await shared.get("a", fail)
        return await shared.get("a", make)

    assert asyncio.run(ask()) == 1


def test_who_goes_away_takes_nothing_from_the_others() -> None:
    async def ask() -> int:
        shared, make = Shared[int](60), Maker()
        first = asyncio.create_task(shared.get("a", make))
        second = asyncio.create_task(shared.get("a", make))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        make.gate.set()
        return await second

    assert asyncio.run(ask()) == 1
