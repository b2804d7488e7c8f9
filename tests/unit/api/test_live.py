"""The parts of the live stream that need no database: numbering, resuming, queues, sampling."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from api.live import Audience, Hub, HubClosedError, HubFullError, Subscriber
from api.live.committed import MAX_WINDOWS, Committed, Pending, RecentBatches, parse_notification
from api.live.hub import LINGER_S, Announcement
from api.live.message import Message, Name, RangeKey, Topic
from api.live.ring import Ring
from api.live.sampling import SHOWN_PER_S, Sampler
from api.live.subscriber import MAX_QUEUE
from api.models import Event
from core.events import EventStatus, EventType

HOUR, DAY = RangeKey("1h", "UTC"), RangeKey("today", "Asia/Ho_Chi_Minh")
EVERYTHING: frozenset[Topic] = frozenset({"kpi", "windows", "events", "health"})
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Time:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def hub(time: Time) -> Hub:
    return Hub(max_streams=3, clock=time)


async def received(subscriber: Subscriber) -> str:
    """What waits for a client."""
    async for chunk in subscriber.chunks():
        return chunk.decode()
    return ""


def names(text: str) -> list[str]:
    return [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]


def last_id(text: str) -> str:
    return [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")][-1]


def tell(hub: Hub, *told: Name | tuple[Name, RangeKey]) -> None:
    """Publish messages, at once."""
    pairs = [each if isinstance(each, tuple) else (each, None) for each in told]
    hub.publish([Announcement(name, b"{}", range_key) for name, range_key in pairs])


def test_a_message_is_a_server_sent_event(hub: Hub) -> None:
    async def scenario() -> None:
        client = hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        hub.publish([Announcement("windows", b'{"windows":[]}')])
        text = await received(client)
        assert text.startswith("retry: 2000\n\n")
        assert f'id: {hub.id}-2\nevent: windows\ndata: {{"windows":[]}}\n\n' in text

    asyncio.run(scenario())


def test_each_client_gets_what_it_asked_for(hub: Hub) -> None:
    async def scenario() -> None:
        hour = hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        day = hub.subscribe(Audience(frozenset({DAY}), frozenset({"kpi"})))
        tell(hub, "windows", ("kpi", HOUR), ("kpi", DAY), "events", "health", "beat")
        assert names(await received(hour)) == ["windows", "kpi", "events", "health", "beat"]
        assert names(await received(day)) == ["kpi", "beat"]

    asyncio.run(scenario())


def test_one_client_may_look_at_several_ranges(hub: Hub, time: Time) -> None:
    """As the tabs of one browser do over one stream."""

    async def scenario() -> None:
        both = hub.subscribe(Audience(frozenset({HOUR, DAY}), frozenset({"kpi"})))
        tell(hub, ("kpi", HOUR), ("kpi", DAY), ("kpi", RangeKey("15m", "UTC")))
        assert names(await received(both)) == ["kpi", "kpi"]
        assert hub.range_keys() == {HOUR, DAY}
        hub.leave(both)
        time.now += LINGER_S + 1
        assert hub.range_keys() == set()

    asyncio.run(scenario())


def test_clients_of_one_audience_share_the_bytes(hub: Hub) -> None:
    async def scenario() -> None:
        first, second = (hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING)) for _ in range(2))
        for client in (first, second):
            await received(client)
        tell(hub, "windows", "beat")
        assert first._waiting[0] is second._waiting[0]

    asyncio.run(scenario())


def test_a_new_client_gets_the_current_state(hub: Hub) -> None:
    async def scenario() -> None:
        hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        tell(hub, ("kpi", HOUR), ("kpi", DAY), "health", "windows", ("kpi", HOUR))
        late = await received(hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING)))
        assert names(late) == ["kpi", "health"]

    asyncio.run(scenario())


def test_a_client_resumes_where_it_was(hub: Hub) -> None:
    async def scenario() -> None:
        first = hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        tell(hub, "windows", ("kpi", HOUR))
        seen = await received(first)
        hub.leave(first)
        tell(hub, "windows", ("kpi", HOUR), ("kpi", DAY), "beat")
        tell(hub, "windows", ("kpi", HOUR), "beat")
        again = await received(hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), last_id(seen)))
        assert names(again) == ["windows", "windows", "kpi", "beat"]
        nothing = await received(hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), last_id(again)))
        assert names(nothing) == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "foreign", ["0123456789ab-4", "nonsense", "-", "{hub}-", "{hub}-999999", "{hub}--1", "{hub}-٣"]
)
def test_an_id_that_cannot_be_resumed_means_resync(hub: Hub, foreign: str) -> None:
    async def scenario() -> None:
        hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        tell(hub, "windows", ("kpi", HOUR))
        told = await received(
            hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), foreign.format(hub=hub.id))
        )
        assert names(told) == ["resync", "kpi"]

    asyncio.run(scenario())


def test_a_gap_that_is_too_large_means_resync(hub: Hub) -> None:
    async def scenario() -> None:
        hub.subscribe(Audience(frozenset({HOUR}), frozenset({"kpi"})))
        tell(hub, "windows")
        early = f"{hub.id}-2"
        for _ in range(2000):
            tell(hub, "windows")
        assert names(await received(hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), early))) == [
            "resync"
        ]

    asyncio.run(scenario())


def test_what_was_not_followed_while_nobody_listened_means_resync(hub: Hub, time: Time) -> None:
    async def scenario() -> None:
        client = hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        tell(hub, ("kpi", HOUR))
        seen = last_id(await received(client))
        hub.leave(client)
        time.now += LINGER_S - 1
        assert not hub.rest()
        resumed = hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), seen)
        assert names(await received(resumed)) == []
        hub.leave(resumed)
        time.now += LINGER_S + 1
        assert hub.rest()
        assert not hub.has_clients.is_set()
        assert names(await received(hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING), seen))) == [
            "resync"
        ]

    asyncio.run(scenario())


def test_a_range_that_nobody_looks_at_is_forgotten(hub: Hub, time: Time) -> None:
    async def scenario() -> None:
        hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        gone = hub.subscribe(Audience(frozenset({DAY}), EVERYTHING))
        tell(hub, ("kpi", HOUR), ("kpi", DAY))
        hub.leave(gone)
        assert hub.range_keys() == {HOUR, DAY}
        time.now += LINGER_S + 1
        assert hub.range_keys() == {HOUR}
        assert not hub.sends_on_join("kpi", DAY)
        assert hub.sends_on_join("kpi", HOUR)

    asyncio.run(scenario())


def test_a_slow_client_is_dropped_and_the_others_continue(hub: Hub) -> None:
    async def scenario() -> None:
        slow, fast = (hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING)) for _ in range(2))
        stopped = []
        slow.on_drop = lambda: stopped.append(True)
        for _ in range(MAX_QUEUE):
            tell(hub, "windows")
            await received(fast)
        assert (hub.dropped, hub.open, stopped) == (1, 1, [True])
        assert await received(slow) == ""
        tell(hub, "windows")
        assert names(await received(fast)) == ["windows"]

    asyncio.run(scenario())


def test_there_is_an_end_to_streams(hub: Hub) -> None:
    async def scenario() -> None:
        clients = [hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING)) for _ in range(3)]
        with pytest.raises(HubFullError, match="ORDERPULSE_API__MAX_STREAMS"):
            hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        hub.leave(clients[0])
        hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))
        tell(hub, "windows")
        hub.end()
        chunks = [chunk async for chunk in clients[1].chunks()]
        assert names(b"".join(chunks).decode()) == ["windows"]
        with pytest.raises(HubClosedError):
            hub.subscribe(Audience(frozenset({HOUR}), EVERYTHING))

    asyncio.run(scenario())


def test_a_ring_keeps_only_the_newest_of_a_state() -> None:
    ring = Ring(10)
    for number, name in enumerate(("kpi", "windows", "kpi", "events", "beat", "beat"), start=1):
        ring.append(Message(number, name, b"", HOUR if name == "kpi" else None))  # type: ignore[arg-type]
    kept = ring.since(0)
    assert kept is not None
    assert [message.number for message in kept] == [2, 3, 4, 6]
    assert ring.since(6) == []
    assert ring.since(7) is None


def event(number: int) -> Event:
    return Event(
        id=f"e{number}",
        event_time=NOON + timedelta(milliseconds=number),
        event_type=EventType.ORDER_CREATED,
        order_id="ORD1",
        user_id="USR1",
        amount=Decimal(1),
        currency="VND",
        status=EventStatus.PENDING,
        ingest_time=NOON,
        payment_method="",
        channel="",
        country="VN",
        failure_reason="",
    )


def test_at_most_so_many_events_a_second_are_shown(time: Time) -> None:
    sampler, shown = Sampler(time), list[str]()
    newest = 0
    for _ in range(100):
        newest += 40
        candidates = [event(number) for number in range(newest, newest - 60, -1)]
        shown += [each.id for each in sampler.choose(candidates, sampler.allowed())]
        time.now += 0.1
    assert len(shown) == len(set(shown))
    assert 10 * SHOWN_PER_S <= len(shown) <= 11 * SHOWN_PER_S


def test_events_that_come_slowly_are_all_shown(time: Time) -> None:
    sampler, shown = Sampler(time), list[str]()
    for newest in range(1, 100):
        candidates = [event(number) for number in range(newest, max(0, newest - 60), -1)]
        shown += [each.id for each in sampler.choose(candidates, min(1, sampler.allowed()))]
        time.now += 0.2
    assert shown == [f"e{number}" for number in range(1, 100)]


def test_a_notification_is_read() -> None:
    assert parse_notification(
        '{"query": "events_clean", "batch_id": 7, "events": 12, "rejected": 1}'
    ) == Committed("events_clean", 7, events=12)
    found = parse_notification('{"query": "kpi_1m", "batch_id": 8, "windows": ["2026-03-01T12:00:00+00:00"]}')
    assert found == Committed("kpi_1m", 8, windows=(NOON,))


@pytest.mark.parametrize(
    "payload",
    ["", "x", "[]", "5", "{}", '{"query": "kpi_1m"}', '{"query": "q", "batch_id": "x"}',
     '{"query": "q", "batch_id": 1, "windows": ["soon"]}', '{"query": "q", "batch_id": 1, "windows": ["2026-03-01T12:00:00"]}',
     '{"query": "q", "batch_id": 1, "windows": 5}'],
)  # fmt: skip
def test_a_notification_of_another_kind_is_left_alone(payload: str) -> None:
    assert parse_notification(payload) is None


def test_changes_add_up() -> None:
    pending = Pending()
    pending.add(Committed("events_clean", 1, events=3))
    assert (pending.events, pending.kpis) == (3, False)
    pending.add(Committed("kpi_1m", 1, windows=(NOON,)))
    pending.add(Committed("kpi_1m", 2, windows=(NOON, NOON + timedelta(minutes=1))))
    assert (len(pending.windows), pending.kpis, pending.resync) == (2, True, False)
    pending.add(
        Committed("kpi_1m", 3, windows=tuple(NOON + timedelta(minutes=i) for i in range(MAX_WINDOWS)))
    )
    assert pending.resync
    other = Pending(events=1)
    other.put_back(pending)
    assert (other.events, other.kpis, other.resync) == (4, True, True)


def test_a_batch_that_is_heard_of_twice_counts_once(time: Time) -> None:
    recent, batch = RecentBatches(time), Committed("events_clean", 1, events=3)
    assert [recent.is_new(batch), recent.is_new(batch)] == [True, False]
    assert recent.is_new(Committed("kpi_1m", 1))
    time.now += 61
    assert recent.is_new(batch)
