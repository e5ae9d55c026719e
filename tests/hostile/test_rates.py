"""Strangers who use the name of a producer with a rate: they use nothing of it up, and learn nothing of it."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.hostile.requests import encode, signal_body, signed
from tests.running.deployment import SECRET
from tests.running.fleet import Configuration, Fleet, Running
from tests.speaking.connection import Connection
from tests.speaking.exchange import Answer, Request

SETTINGS = {
    "HMAC_PRODUCER_ENABLED": "true",
    "HMAC_PRODUCER_SECRET": SECRET.decode(),
    "SIGNALS_PRODUCER_RATE": "5/h",
}
STRANGERS, EACH = 20, 25
VARYING = {"date", "x-request-id", "connection", "keep-alive"}


@pytest.fixture
def limited(fleet: Fleet) -> Iterator[Running]:
    """A service with a rate for all, and a database of its own."""
    database = fleet.postgres.create()
    running = Running(Configuration(tuple(SETTINGS.items())), database, database.url)
    running.service.wait_until_ready()
    yield running
    running.retire()


def forged(name: bytes) -> Request:
    """A signal in the name of a producer, with a wrong signature."""
    return signed(signal_body(), secret=b"a-guess-that-is-wrong-but-long-enough", producer_id=name)


async def send_all(port: int, names: Iterator[bytes]) -> list[Answer]:
    """Send a forged signal in each of these names, many at a time."""

    async def send() -> list[Answer]:
        connection = Connection(port)
        try:
            return [await connection.ask(encode(forged(name))) for name in names]
        finally:
            connection.close()

    return [answer for answers in await asyncio.gather(*(send() for _ in range(STRANGERS))) for answer in answers]


def told(answer: Answer) -> tuple[int, dict[str, str], frozenset[str]]:
    """What of an answer could tell something: its status, its headers, and the names in its body."""
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    return answer.status, headers, frozenset(answer.json())


async def ask(port: int, request: Request) -> Answer:
    """Send one request over a connection of its own."""
    connection = Connection(port)
    try:
        return await connection.ask(encode(request))
    finally:
        connection.close()


def test_a_flood_in_its_name_takes_nothing_from_a_producer(limited: Running) -> None:
    port = limited.service.port
    answers = asyncio.run(send_all(port, iter([b"alpha"] * STRANGERS * EACH)))
    assert Counter(answer.status for answer in answers) == {401: STRANGERS * EACH}
    assert not [answer for answer in answers if {"ratelimit", "ratelimit-policy"} & answer.headers.keys()]
    assert limited.database.value("SELECT count(*) FROM quotas") == 0
    mine = asyncio.run(ask(port, signed(signal_body(), secret=SECRET, producer_id=b"alpha")))
    assert (mine.status, mine.headers["RateLimit"]) == (201, '"producer";r=0;t=720')


def test_names_that_are_invented_leave_nothing_behind(limited: Running) -> None:
    names = (b"invented-%d" % number for number in range(STRANGERS * EACH))
    asyncio.run(send_all(limited.service.port, names))
    assert limited.database.value("SELECT count(*) FROM quotas") == 0


def test_a_stranger_learns_nothing_of_what_a_producer_sends(limited: Running) -> None:
    port = limited.service.port

    async def converse() -> tuple[Answer, Answer, Answer, Answer]:
        before = await ask(port, forged(b"alpha"))
        first = await ask(port, signed(signal_body(), secret=SECRET, producer_id=b"alpha"))
        second = await ask(port, signed(signal_body(comment='"another"'), secret=SECRET, producer_id=b"alpha"))
        return before, first, second, await ask(port, forged(b"alpha"))

    before, first, second, after = asyncio.run(converse())
    assert (first.status, second.status) == (201, 429)
    assert told(before) == told(after)
