"""Both readers behind one face, so that each test is about both."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from anyio import to_thread
from anyio.from_thread import BlockingPortal

from service.client import AsyncSignalsReader, Event, FeedSignal, Page, SignalsReader


class Reads(Protocol):
    """What both readers have in common here."""

    def get(self, id: UUID | str) -> FeedSignal:
        """One signal."""

    def pages(self, *after: str, **wanted: Any) -> Iterator[Page]:
        """Pages, one by one."""

    def follow(self, count: int, *cursor: str, **options: Any) -> list[Event]:
        """The next events, so many of them."""


class Blocking:
    """The reader without `await`."""

    def __init__(self, url: str, sleep: Callable[[float], None], options: Any) -> None:
        self.reader = SignalsReader(url, sleep=sleep, **options)
        self.close = self.reader.close

    def get(self, id: UUID | str) -> FeedSignal:
        return self.reader.get(id)

    def pages(self, *after: str, **wanted: Any) -> Iterator[Page]:
        return self.reader.pages(*after, **wanted)

    def follow(self, count: int, *cursor: str, **options: Any) -> list[Event]:
        with closing(self.reader.follow(*cursor, **options)) as events:  # type: ignore[type-var]
            return list(islice(events, count))


class Awaiting:
    """The reader with `await`, for tests that are not coroutines. Pauses are spent in a thread, off its loop."""

    def __init__(self, portal: BlockingPortal, url: str, sleep: Callable[[float], None], options: Any) -> None:
        async def wait(seconds: float) -> None:
            await to_thread.run_sync(sleep, seconds)

        self._portal = portal
        self.reader = AsyncSignalsReader(url, sleep=wait, **options)

    def get(self, id: UUID | str) -> FeedSignal:
        return self._portal.call(self.reader.get, id)

    def pages(self, *after: str, **wanted: Any) -> Iterator[Page]:
        pages = self.reader.pages(*after, **wanted)
        with self._portal.wrap_async_context_manager(aclosing(pages)):
            while (page := self._portal.call(anext, pages, None)) is not None:
                yield page

    def follow(self, count: int, *cursor: str, **options: Any) -> list[Event]:
        return self._portal.call(self._follow, self.reader.follow(*cursor, **options), count)

    async def _follow(self, events: Any, count: int) -> list[Event]:
        async with aclosing(events):
            return [event async for event in _first(events, count)]

    def close(self) -> None:
        self._portal.call(self.reader.aclose)


async def _first(events: AsyncIterator[Event], count: int) -> AsyncIterator[Event]:
    for _ in range(count):
        yield await anext(events)
