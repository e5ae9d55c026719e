"""A page that is waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from service.feed.events import Row
from service.feed.pages import Page
from service.feed.position import Position
from service.feed.tail import Tail
from service.readers.filter import Filter
from service.reading.places import Places

_LOOK_SECONDS = 1.0
"""How often it is asked whether there is still somebody who waits."""

Read = Callable[[Position | None], Awaitable[Page]]


class Waiting:
    """Lets requests wait for signals, as many at once as there are places."""

    def __init__(self, tail: Tail, places: Places) -> None:
        self._tail = tail
        self._places = places

    async def page(self, filter: Filter, read: Read, seconds: float, still: Callable[[], Awaitable[bool]]) -> Page:
        """The page that `read` reads, after a place or, for None, from where it begins. As long as there is nothing in
        it, it is read again when a signal may be in it, for so many seconds, and while it is `still` wanted.

        Raises TooManyStreams, and what `read` and the tail raise.
        """
        page = await read(None)
        if not page.waits or not seconds:
            return page
        with self._places.taken():
            return await self._wait(filter, page, read, seconds, still)

    async def _wait(
        self, filter: Filter, page: Page, read: Read, seconds: float, still: Callable[[], Awaitable[bool]]
    ) -> Page:
        news = asyncio.Event()

        def take(rows: Sequence[Row]) -> float:
            if any(filter.matches(row.instrument, row.producer) and row.given(filter) for row in rows):
                news.set()
            return 0

        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        await self._tail.follow(take, lambda _end: news.set())
        try:
            news.set()  # by what was stored before it followed
            while page.waits and (left := end - loop.time()) > 0:
                if not await still():
                    return page
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), min(left, _LOOK_SECONDS))
                if news.is_set() or page.more:  # what is not settled yet becomes so without any news
                    news.clear()
                    page = await read(page.position)
        finally:
            self._tail.leave(take)
        return await read(page.position) if page.waits else page
