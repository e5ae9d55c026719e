"""Signals that expire while a test runs."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count

import httpx

from tests.running.application import JSON, SIGNALS, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import until_true


def from_now(database: Database, **delta: float) -> datetime:
    """A time by the clock of the database; how far from now is said as to `timedelta`."""
    moment: datetime = database.value("SELECT clock_timestamp()") + timedelta(**delta)
    return moment


async def until_known(client: httpx.AsyncClient) -> None:
    """The service has looked at the clock of the database."""

    numbers = count()

    async def known() -> bool:
        """By a signal that the clock of the tests would let pass; each time another, since one that it did let pass
        would be answered the same for ever."""
        body = signal_body(expires_at="2026-02-01T12:00:00Z", payload={"asked": next(numbers)})
        answer = await client.post(SIGNALS, content=body, headers=JSON | signing_headers(body))
        return answer.status_code == 422

    await until_true(known, "the clock of the database is known")


async def stored_and_expired(
    database: Database, send: Callable[[datetime], Awaitable[httpx.Response]]
) -> tuple[datetime, httpx.Response]:
    """Until when a signal was good that was stored in time, and has expired now; and the answer to it. One that came
    too late is sent again, with more time."""
    seconds = 0.25
    while True:
        moment = from_now(database, seconds=seconds)
        answer = await send(moment)
        if answer.status_code == 201:
            break
        assert seconds < 60, answer.text
        seconds *= 2

    async def over() -> bool:
        return from_now(database) > moment

    await until_true(over, "it has expired")
    return moment, answer
