"""The hub by itself: whom a signal concerns, what a turn writes, and what becomes of streams when it fails."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from structlog.typing import EventDict

from service.feed import Filter, Position, Row
from service.kernel.limits import Limits
from service.live.groups import Groups
from service.live.hub import CHUNK_BYTES, Hub
from service.live.memory import Memory, Recent
from service.live.stream import End, Stream
from service.live.sweep import LOOKS, Sweep

ORIGIN = Position(1, 1, UUID(int=0))
LIMITS = Limits(stream_memory_bytes=1000)


def place(number: int) -> Position:
    """A place in the order."""
    return Position(1, 1 + number, UUID(int=number))


def row(number: int, instrument: str = "XAUUSD", *, size: int = 2) -> Row:
    """A signal at that place."""
    return Row(place(number), instrument, "", b'"%b"' % (b"x" * (size - 2)))


class Client:
    """Takes the place of an outlet: keeps what is written."""

    chunked = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = self.full = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def progressed(self) -> bool:
        return True

    def cut(self) -> None:
        self.closed = True


class Tail:
    """Is followed, and tells what a test tells it."""

    def __init__(self) -> None:
        self.followers: list[Any] = []

    async def follow(self, follower: Any, _fall_back: Any) -> Position:
        self.followers.append(follower)
        return ORIGIN

    def leave(self, follower: Any) -> None:
        self.followers.remove(follower)


class Hall:
    """A hub, its tail, and streams of it."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.hub = Hub(self.tail, LIMITS)  # type: ignore[arg-type]

    async def open(self, *instruments: str, in_step: bool = True) -> tuple[Stream, Client]:
        """One more stream, in step with the hub."""
        client = Client()
        position = await self.hub.begin()
        stream = Stream(client, lambda: True, _filter(*instruments), position, LIMITS)  # type: ignore[arg-type]
        stream.behind = not in_step
        self.hub.add(stream)
        return stream, client


def _filter(*instruments: str) -> Filter:
    return Filter(frozenset(instruments) or None)


def _numbers(written: Sequence[bytes]) -> list[bytes]:
    return [line for line in b"".join(written).split(b"\n") if line.startswith(b"id: ")]


def _ids(*numbers: int) -> list[bytes]:
    return [b"id: %b" % place(number).cursor for number in numbers]


@pytest.mark.anyio
async def test_a_turn_is_one_write_for_each_stream_and_shows_it_what_it_asks_for() -> None:
    hall = Hall()
    (_, all_), (_, gold), (_, none) = [await hall.open(), await hall.open("XAU*"), await hall.open("OTHER")]
    hall.hub.take([row(1), row(2, "EURUSD"), row(3)])
    assert [len(client.written) for client in (all_, gold, none)] == [1, 1, 0]
    assert _numbers(all_.written) == _ids(1, 2, 3)
    assert _numbers(gold.written) == _ids(1, 3)
    assert hall.hub.position == place(3)


@pytest.mark.anyio
async def test_streams_with_one_filter_share_the_bytes() -> None:
    hall = Hall()
    clients = [(await hall.open("XAU*"))[1] for _ in range(3)]
    hall.hub.take([row(1)])
    assert clients[0].written[0] is clients[1].written[0] is clients[2].written[0]


@pytest.mark.anyio
async def test_a_stream_that_is_full_or_closed_falls_behind_to_where_the_turn_began() -> None:
    """Red with the place after the turn: what was not written is skipped."""
    hall = Hall()
    full, closed, fine = await hall.open(), await hall.open(), await hall.open()
    hall.hub.take([row(1)])
    full[1].full = closed[1].closed = True
    hall.hub.take([row(2), row(3)])
    assert [stream.behind for stream, _ in (full, closed, fine)] == [True, True, False]
    assert full[0].position == closed[0].position == place(1)
    assert _numbers(fine[1].written) == _ids(1, 2, 3)
    assert _numbers(full[1].written) == _ids(1)


@pytest.mark.anyio
async def test_a_large_turn_is_written_in_parts_and_who_is_full_then_misses_the_rest_only() -> None:
    hall = Hall()
    stream, client = await hall.open()
    written = client.write

    def write_and_be_full(data: bytes) -> None:
        written(data)
        client.full = True

    client.write = write_and_be_full  # type: ignore[method-assign]
    hall.hub.take([row(1, size=CHUNK_BYTES), row(2, size=CHUNK_BYTES), row(3)])
    assert _numbers(client.written) == _ids(1)
    assert (stream.behind, stream.position) == (True, place(1))


@pytest.mark.anyio
async def test_when_a_turn_fails_all_streams_are_cut_off(log_lines: list[EventDict]) -> None:
    """What was told half is not told: without that, heartbeats tell places up to which not everything was written."""
    hall = Hall()
    broken, other = await hall.open("XAUUSD"), await hall.open()

    def refuse(data: bytes) -> None:
        raise RuntimeError(f"unable to write {len(data)} bytes")

    broken[1].write = refuse  # type: ignore[method-assign]
    hall.hub.take([row(1)])
    assert [stream.end for stream, _ in (broken, other)] == [End.FAILED] * 2
    assert broken[1].closed
    assert other[1].closed
    assert [line["event"] for line in log_lines] == ["Streams cut off"]
    _, next_client = await hall.open()
    hall.hub.take([row(2)])
    assert _numbers(next_client.written) == _ids(2)


@pytest.mark.anyio
async def test_a_heartbeat_tells_no_place_before_which_something_is_missing() -> None:
    """Red with the place of the hub for all: a reader that comes back with it skips what it has missed."""
    hall = Hall()
    (behind, late), (_, fine) = await hall.open(in_step=False), await hall.open()
    hall.hub.take([row(1), row(2)])
    sweep = Sweep(hall.hub, LIMITS, idle_seconds=60)
    for _ in range(LOOKS):
        await sweep.look()
    assert behind.position == ORIGIN
    assert _numbers(late.written) == [b"id: %b" % ORIGIN.cursor]
    assert _numbers(fine.written) == _ids(1, 2, 2)


@pytest.mark.anyio
async def test_when_the_store_is_behind_all_streams_are_cut_off_and_new_ones_begin_there(
    log_lines: list[EventDict],
) -> None:
    hall = Hall()
    stream, client = await hall.open()
    hall.hub.take([row(1), row(2)])
    hall.hub.fall_back(place(1))
    assert (stream.end, client.closed) == (End.FAILED, True)
    assert hall.hub.position == place(1)
    assert not hall.hub.memory.reaches(ORIGIN)
    assert "Store is behind the live feed: streams cut off" in [line["event"] for line in log_lines]


@pytest.mark.anyio
async def test_what_is_not_to_be_told_again_is_not_remembered() -> None:
    hall = Hall()
    _, client = await hall.open()
    hall.hub.take([row(1)])
    hall.hub.forget()
    assert not hall.hub.memory.reaches(ORIGIN)
    assert hall.hub.memory.reaches(place(1))
    hall.hub.take([row(2)])
    assert _numbers([hall.hub.memory.after(place(1), Filter(), 1000)[0]]) == _ids(2)
    assert _numbers(client.written) == _ids(1, 2)


@pytest.mark.anyio
async def test_who_is_further_than_the_hub_is_woken_when_it_moves() -> None:
    hall = Hall()
    stream, _ = await hall.open(in_step=False)
    stream.position = place(5)
    waiting = hall.hub.caught_up(stream)
    waiting.send(None)
    hall.hub.take([row(1)])
    assert stream.awake


@pytest.mark.anyio
async def test_the_tail_is_followed_while_there_are_streams() -> None:
    hall = Hall()
    streams = [(await hall.open())[0] for _ in range(2)]
    assert len(hall.tail.followers) == 1
    for stream in streams:
        assert len(hall.tail.followers) == 1
        hall.hub.streams.remove(stream)
        hall.hub.rest()
    assert hall.tail.followers == []
    assert hall.hub.position is None


@pytest.mark.anyio
async def test_filters_that_come_and_go_are_known() -> None:
    hall, groups = Hall(), Groups()
    first, second = (await hall.open("XAU*"))[0], (await hall.open("XAUUSD"))[0]
    groups.add(first)
    assert [group.filter for group in groups.concerned("XAUUSD", "")] == [first.filter]
    groups.add(second)
    assert {group.filter for group in groups.concerned("XAUUSD", "")} == {first.filter, second.filter}
    groups.remove(first)
    assert [group.filter for group in groups.concerned("XAUUSD", "")] == [second.filter]
    assert groups.concerned("EURUSD", "") == ()
    groups.remove(second)
    assert not groups


class Counted:
    """A filter that counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def matches(self, _instrument: str, _producer: str) -> bool:
        self.asked += 1
        return True


@pytest.mark.anyio
async def test_a_new_filter_is_not_asked_about_all_that_was_ever_seen() -> None:
    """Red when it is: with patterns that takes seconds, in which nothing else is done."""
    hall, groups = Hall(), Groups()
    groups.add((await hall.open("XAU*"))[0])
    for number in range(100):
        groups.concerned(f"I{number}", "")
    stream, counted = (await hall.open())[0], Counted()
    stream.filter = counted  # type: ignore[assignment]
    groups.add(stream)
    assert counted.asked == 0
    assert len(groups.concerned("XAUUSD", "")) == 2


def test_memory_looks_at_some_events_at_once_whether_they_match_or_not() -> None:
    memory = Memory(size=1_000_000)
    memory.begin(ORIGIN)
    for number in range(1, 3001):
        memory.keep(Recent(place(number), "XAUUSD", "", b"x"))
    assert memory.after(place(1), _filter("OTHER"), 1000) == (b"", place(1001))


def test_memory_has_what_comes_after_a_place_and_knows_how_far_it_reaches() -> None:
    memory = Memory(size=40)
    assert not memory.reaches(ORIGIN)
    memory.begin(ORIGIN)
    assert memory.reaches(ORIGIN)
    for number in range(1, 7):
        instrument = "ODD" if number % 2 else "EVEN"
        memory.keep(Recent(place(number), instrument, "", b"%d" % number * 10))
    assert not memory.reaches(place(1))
    assert memory.reaches(place(2))
    assert memory.after(place(2), Filter(), 1000) == (b"3" * 10 + b"4" * 10 + b"5" * 10 + b"6" * 10, place(6))
    assert memory.after(place(3), _filter("ODD"), 1000) == (b"5" * 10, place(6))
    assert memory.after(place(2), Filter(), 15) == (b"3" * 10 + b"4" * 10, place(4))
    assert memory.after(place(6), Filter(), 15) == (b"", place(6))


EARLY, EXPIRY, LATE = (datetime(2026, 1, 31, 12, minute, tzinfo=UTC) for minute in (0, 5, 10))
FRESH, GONE = b'"expired":false}\n\n', b'"expired":true}\n\n'


class Moment:
    """A clock that shows what a test wants."""

    def __init__(self) -> None:
        self.shown = EARLY

    def now(self) -> datetime:
        return self.shown


def told(number: int, *, kind: str = "signal", about: int | None = None, closed: bool = False) -> Recent:
    """An event about a signal that expires."""
    json = b'{"by":"\\"expired\\":false}"}' if kind == "status" else b'{"expired":false}'
    signal = UUID(int=about or number)
    return Recent.of(Row(place(number), "XAUUSD", "", json, kind, signal, closed, EXPIRY))


def test_memory_tells_what_has_expired_since_it_was_kept() -> None:
    """Red when an event leaves as it was framed."""
    moment = Moment()
    memory = Memory(10_000, moment.now)
    memory.begin(ORIGIN)
    for recent in (told(1), told(2, kind="status", about=1)):
        memory.keep(recent)
    before, _ = memory.after(ORIGIN, Filter(), 1000)
    moment.shown = LATE
    after, _ = memory.after(ORIGIN, Filter(), 1000)
    assert before.count(FRESH) == 1
    assert after == before.replace(FRESH, GONE)
    assert memory.after(ORIGIN, Filter(live=True), 1000) == (b"", place(2))


def test_what_is_closed_is_not_live_any_more_whatever_else_is_kept_of_it() -> None:
    memory = Memory(10_000, Moment().now)
    memory.begin(ORIGIN)
    for recent in (told(1), told(2), told(3, kind="status", about=1), told(4, kind="status", about=2, closed=True)):
        memory.keep(recent)
    live, _ = memory.after(ORIGIN, Filter(live=True), 1000)
    assert _numbers([live]) == _ids(1, 3)
    assert _numbers([memory.after(ORIGIN, Filter(), 1000)[0]]) == _ids(1, 2, 3, 4)


@pytest.mark.anyio
async def test_a_stream_in_step_is_shown_only_what_is_live_if_that_is_what_it_asks_for() -> None:
    """A signal that is closed in the same turn was live when it was stored, and is not when it leaves."""
    hall = Hall()
    hall.hub = Hub(hall.tail, LIMITS, lambda: EARLY)  # type: ignore[arg-type]
    _, all_ = await hall.open()
    client = Client()
    stream = Stream(client, lambda: True, Filter(live=True), ORIGIN, LIMITS)  # type: ignore[arg-type]
    stream.behind = False
    hall.hub.add(stream)
    two = UUID(int=2)
    hall.hub.take([
        Row(place(1), "XAUUSD", "", b"{}", "signal", UUID(int=1), False, EXPIRY),
        Row(place(2), "XAUUSD", "", b"{}", "signal", two, False, None),
        Row(place(3), "XAUUSD", "", b"{}", "signal", UUID(int=3), False, EARLY),
        Row(place(4), "XAUUSD", "", b"{}", "status", two, False, None),
        Row(place(5), "XAUUSD", "", b"{}", "status", two, True, None),
    ])  # fmt: skip
    assert _numbers(all_.written) == _ids(1, 2, 3, 4, 5)
    assert _numbers(client.written) == _ids(1)


def lines(rows: Sequence[Row], filter: Filter) -> list[bytes]:
    """What a stream is given that asks so."""
    memory = Memory(10_000)
    memory.begin(ORIGIN)
    for row in rows:
        memory.keep(Recent.of(row))
    return memory.after(ORIGIN, filter, 1000)[0].replace(b"\n\n", b"\n").split(b"\n")[:-1]


def test_what_waits_for_approval_is_for_those_who_see_it_before() -> None:
    one = UUID(int=1)
    rows = [
        Row(place(1), "XAUUSD", "", b"new", "signal", one, waiting=True),
        Row(place(2), "XAUUSD", "", b"queued", "status", one, waiting=True, approved=b"approved"),
        Row(place(3), "XAUUSD", "", b"closed", "status", one, closed=True),
        Row(place(4), "XAUUSD", "", b"rejected", "status", UUID(int=2), closed=True, waiting=True),
    ]

    def said(*events: tuple[int, bytes, bytes]) -> list[bytes]:
        return [
            line
            for number, kind, data in events
            for line in (b"event: " + kind, b"id: " + place(number).cursor, b"data: " + data)
        ]

    assert lines(rows, Filter()) == said((2, b"signal", b"approved"), (3, b"status", b"closed"))
    assert lines(rows, Filter(unapproved=True)) == said(
        (1, b"signal", b"new"), (2, b"status", b"queued"), (3, b"status", b"closed"), (4, b"status", b"rejected")
    )
