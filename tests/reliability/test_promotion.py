"""A standby that lagged is promoted: what was stored last is lost, and nothing of what comes is skipped."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.reading.reader import all_read, everything, reading
from tests.reliability.lab import Lab
from tests.reliability.standby import Standby
from tests.running.application import JSON, SIGNALS, signal_body
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio


@contextmanager
def ending(standby: Standby) -> Iterator[None]:
    """Gone in the end."""
    yield
    standby.end()


async def store(client: httpx.AsyncClient, number: int) -> list[str]:
    """Store so many signals; returns their ids."""
    answers = [await client.post(SIGNALS, headers=JSON, content=signal_body()) for _ in range(number)]
    return [answer.json()["id"] for answer in answers]


async def test_a_cursor_ahead_of_the_new_primary_skips_nothing_that_it_stores(lab: Lab, template: Path) -> None:
    """The numbers of transactions go back there. Red without the timeline in the order."""
    primary = await lab.postgresql()
    standby = Standby(template, primary)
    lab.use(ending(standby))
    standby.follow()
    async with reading(primary.url) as client:
        first = await store(client, 5)
        await until_true(lambda: _has(standby, 5), "the standby has what was stored")
        await standby.kill()
        lost = await store(client, 20)
        assert await all_read(client, 25) == [*first, *lost]
        _, cursor = await everything(client)
    await primary.kill()
    standby.start({"primary_conninfo": ""})
    await standby.answering()
    await standby.promote()
    async with reading(standby.url) as client:
        assert (await client.get("/api/v1/feed", params={"after": cursor})).json()["events"] == []
        later = await store(client, 10)
        assert await all_read(client, 10, after=cursor) == later
        assert await all_read(client, 15) == [*first, *later]


async def _has(standby: Standby, number: int) -> bool:
    return bool(await standby.value("SELECT count(*) FROM signals") == number)
