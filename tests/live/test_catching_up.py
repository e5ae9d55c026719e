"""A stream that reads from the database where the hub is further than the database."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.feed import Filter, Page, Position
from service.kernel.limits import Limits
from service.live.catching_up import CatchingUp
from service.live.stream import End, Stream

pytestmark = pytest.mark.anyio

LIMITS = Limits()
HERE, FURTHER = Position(1, 5, UUID(int=1)), Position(1, 9, UUID(int=1))


class Nowhere:
    """Takes the place of an outlet, a hub and its memory: the hub is further than anything that is stored."""

    closed = full = False
    position = FURTHER

    @property
    def memory(self) -> "Nowhere":
        return self

    def reaches(self, _position: Position) -> bool:
        return False


class Emptied:
    """Pages without anything in them."""

    def __init__(self) -> None:
        self.read_times = 0

    async def read(self, _filter: Filter, after: Position, _limit: int, *, latest: bool) -> Page:
        assert latest
        self.read_times += 1
        await asyncio.sleep(0)
        return Page([], after, datetime.now(UTC), full=False, settled=None)


async def test_a_stream_at_the_end_of_the_store_does_not_read_it_over_and_over() -> None:
    """The store was put back to an earlier point, and the hub does not know it yet."""
    here: Any = Nowhere()
    pages: Any = Emptied()
    stream = Stream(here, lambda: True, Filter(), HERE, LIMITS)
    serving = asyncio.create_task(CatchingUp(here, pages).serve(stream))
    for _ in range(200):
        await asyncio.sleep(0)
    stream.finish(End.SHUTDOWN)
    await serving
    assert pages.read_times == 1
    assert stream.position == HERE
