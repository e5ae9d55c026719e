"""Reading without `await`."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, Unpack
from uuid import UUID

import httpx
from httpx_sse import EventSource

from service.client.answers import Outcome
from service.client.asking import Asking, is_stream, understood
from service.client.connections import Connections
from service.client.feed import Event, FeedSignal, Page, StatusChange
from service.client.following import Following, Told
from service.client.questions import HELD_SECONDS, MOST_SIGNALS, Filter, Options, Questions, Wanted, query_of

T = TypeVar("T")


class SignalsReader(Connections):
    """Reads signals. Close it, or use it with `with`.

    `http` is an httpx client of your own, for its certificates, proxies and limits; it is closed with this one.
    """

    def __init__(
        self,
        url: str,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **options: Unpack[Options],
    ) -> None:
        """Raises ValueError for a wrong URL or token."""
        super().__init__(http)
        self._questions = Questions(self._http.build_request, url, **options)
        self._sleep = sleep

    def get(self, id: UUID | str) -> FeedSignal:
        """One signal. Raises the subclasses of SignalsError: ReadingRefused with the code `not_found` where there is no
        such signal for this reader."""
        return self._ask(partial(self._questions.signal, id), FeedSignal.of)

    def decide(
        self, id: UUID | str, status: int, reason: str | None = None, *, state_version: int | None = None
    ) -> StatusChange:
        """Queue a signal (status 1), which approves it, or close it (2), which takes a reason; with `state_version`,
        only while its status was changed so often. Whatever is repeated is decided once.

        Raises the subclasses of SignalsError: ReadingRefused with the code `not_permitted`, `state_changed`,
        `signal_expired`, `transition_refused` or `not_found`.
        """
        return self._ask(partial(self._questions.decision, id, status, reason, state_version), StatusChange.of)

    def pages(self, after: str | None = None, *, limit: int = MOST_SIGNALS, **wanted: Unpack[Wanted]) -> Iterator[Page]:
        """All there is, or all after the cursor `after`, the oldest first. Raises the subclasses of SignalsError."""
        query = query_of(wanted)
        while True:
            page = self._ask(partial(self._questions.page, query, after, limit=limit), Page.of)
            yield page
            if not page.more:
                return
            if page.cursor == after:
                self._sleep(HELD_SECONDS)
            after = page.cursor

    def follow(
        self,
        cursor: str | None = None,
        *,
        since: datetime | None = None,
        on_place: Told | None = None,
        give_up_after: float = math.inf,
        **filter: Unpack[Filter],
    ) -> Iterator[Event]:
        """What comes after `cursor`; without one what was stored from `since` on, or from now on. It does not end.

        No event is left out and none comes twice, whatever happens to connections and services meanwhile. Keep the
        `cursor` of an event when you are done with it. `on_place` is told of places where nothing is for this reader,
        when all before them was taken: keep these too, so that nothing is looked through again.

        Raises ReadingRefused when going on is of no use: the token is not good (any more), or there is nothing at this
        place (CursorExpired). With `give_up_after`, what went wrong, when nothing was heard for so many seconds.
        """
        state = Following(
            self._questions, filter, cursor=cursor, since=since, on_place=on_place, give_up_after=give_up_after
        )
        while True:
            yield from self._stream(state) if state.live else self._page(state)
            if state.pause:
                self._sleep(state.pause)

    def _stream(self, state: Following) -> Iterator[Event]:
        try:
            with closing(self._send(state.request, stream=True)) as answer:
                if not is_stream(answer):
                    answer.read()
                    state.fail(answer)
                    return
                for told in EventSource(answer).iter_sse():
                    yield from state.take(told)
            state.ended()
        except httpx.RequestError as error:
            state.fail(error)

    def _page(self, state: Following) -> Iterator[Event]:
        outcome = self._attempt(state.request)
        if isinstance(outcome, httpx.Response) and outcome.status_code == httpx.codes.OK:
            yield from state.take_page(understood(outcome, Page.of))
        else:
            state.fail(outcome)

    def _ask(self, prepare: Callable[[], httpx.Request], form: Callable[[Mapping[str, Any]], T]) -> T:
        asking = Asking(self._questions.retries, self._questions.clock)
        while True:
            result = asking.take(self._attempt(prepare()), form)
            if not isinstance(result, float):
                return result
            self._sleep(result)

    def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            return self._send(request)
        except httpx.RequestError as error:
            return error

    def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        return self._http.send(request, stream=stream, auth=httpx.Auth(), follow_redirects=False)
