"""Reading with `await`. What each method promises stands in `reader`."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, Unpack
from uuid import UUID

import httpx
from httpx_sse import EventSource

from service.client.answers import Outcome
from service.client.asking import Asking, is_stream, understood
from service.client.connections import AsyncConnections
from service.client.feed import Event, FeedSignal, Page, StatusChange
from service.client.following import Following, Told
from service.client.questions import HELD_SECONDS, MOST_SIGNALS, Filter, Options, Questions, Wanted, query_of

T = TypeVar("T")


class AsyncSignalsReader(AsyncConnections):
    """Reads signals. Close it, or use it with `async with`.

    `http` is an httpx client of your own, for its certificates, proxies and limits; it is closed with this one.
    """

    def __init__(
        self,
        url: str,
        *,
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **options: Unpack[Options],
    ) -> None:
        """Raises ValueError for a wrong URL or token."""
        super().__init__(http)
        self._questions = Questions(self._http.build_request, url, **options)
        self._sleep = sleep

    async def get(self, id: UUID | str) -> FeedSignal:
        """The same as `SignalsReader.get`."""
        return await self._ask(partial(self._questions.signal, id), FeedSignal.of)

    async def decide(
        self, id: UUID | str, status: int, reason: str | None = None, *, state_version: int | None = None
    ) -> StatusChange:
        """The same as `SignalsReader.decide`."""
        return await self._ask(partial(self._questions.decision, id, status, reason, state_version), StatusChange.of)

    async def pages(
        self, after: str | None = None, *, limit: int = MOST_SIGNALS, **wanted: Unpack[Wanted]
    ) -> AsyncGenerator[Page, None]:
        """The same as `SignalsReader.pages`."""
        query = query_of(wanted)
        while True:
            page = await self._ask(partial(self._questions.page, query, after, limit=limit), Page.of)
            yield page
            if not page.more:
                return
            if page.cursor == after:
                await self._sleep(HELD_SECONDS)
            after = page.cursor

    async def follow(
        self,
        cursor: str | None = None,
        *,
        since: datetime | None = None,
        on_place: Told | None = None,
        give_up_after: float = math.inf,
        **filter: Unpack[Filter],
    ) -> AsyncGenerator[Event, None]:
        """The same as `SignalsReader.follow`. `contextlib.aclosing` closes the stream where the loop is left."""
        state = Following(
            self._questions, filter, cursor=cursor, since=since, on_place=on_place, give_up_after=give_up_after
        )
        while True:
            async with aclosing(self._stream(state) if state.live else self._page(state)) as events:
                async for event in events:
                    yield event
            if state.pause:
                await self._sleep(state.pause)

    async def _stream(self, state: Following) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(await self._send(state.request, httpx.Auth(), stream=True)) as answer:
                if not is_stream(answer):
                    await answer.aread()
                    state.fail(answer)
                    return
                async with aclosing(EventSource(answer).aiter_sse()) as stream:
                    async for told in stream:
                        for event in state.take(told):
                            yield event
            state.ended()
        except httpx.RequestError as error:
            state.fail(error)

    async def _page(self, state: Following) -> AsyncGenerator[Event, None]:
        outcome = await self._attempt(state.request)
        if isinstance(outcome, httpx.Response) and outcome.status_code == httpx.codes.OK:
            for event in state.take_page(understood(outcome, Page.of)):
                yield event
        else:
            state.fail(outcome)

    async def _ask(self, prepare: Callable[[], httpx.Request], form: Callable[[Mapping[str, Any]], T]) -> T:
        asking = Asking(self._questions.retries, self._questions.clock)
        while True:
            result = asking.take(await self._attempt(prepare()), form)
            if not isinstance(result, float):
                return result
            await self._sleep(result)

    async def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return await self._send(request, httpx.Auth())
        except httpx.RequestError as error:
            return error
