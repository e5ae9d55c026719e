"""Where a reader is in the feed, and what to do next: read the live feed, or pages where that fails, and when to come
back. It knows, but it neither sends nor waits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
from httpx_sse import ServerSentEvent

from service.client.answers import NEVER_SENT, Failure, Outcome
from service.client.asking import failed
from service.client.delivery import log
from service.client.failures import SignalsError, UnexpectedAnswer
from service.client.feed import KINDS, Event, Page, decoded, told_by
from service.client.questions import Filter, Questions, query_of
from service.client.retries import Retries

WAIT_SECONDS = 20
"""How long a page may wait for a signal, where the live feed is not to be had."""

_POLLING = Retries(first_pause_seconds=10)
"""The longest pauses between pages, where the service has no room for those who wait."""

_RETURNING = Retries(first_pause_seconds=5, longest_pause_seconds=300)
"""After how long the live feed is tried again, which costs a while where a proxy holds it back."""

NOT_FOR_STREAMS = {200, 404, 405, 406}
"""Answers of something that does not let streams through, and may well let pages."""

Told = Callable[[str], object]
"""Is told of places."""


class Following:
    """Send `request`, give what comes to `take` or `take_page`, tell `ended` or `fail` how it ended, wait for `pause`
    seconds, and again. `live` tells whether it is a stream that is asked for.

    Reading begins at now where there is neither a cursor nor a time.
    """

    def __init__(
        self,
        questions: Questions,
        filter: Filter,
        *,
        cursor: str | None,
        since: datetime | None,
        on_place: Told | None,
        give_up_after: float,
    ) -> None:
        """Raises TypeError for a filter that there is not."""
        self.cursor = cursor
        self.live = cursor is not None or since is None
        self.pause = 0.0
        self._questions = questions
        self._filter = query_of(filter)
        self._on_place = on_place
        self._retries = replace(questions.retries, for_seconds=give_up_after)
        self._clock = questions.clock
        self._since = self._clock() if since is None else since
        self._wait_seconds = WAIT_SECONDS if self.live else 0
        self._well_at = self._live_again_at = self._clock()
        self._attempts = 0
        self._live_failures = 0
        self._retry_seconds: float | None = None
        self._streaming = False

    @property
    def request(self) -> httpx.Request:
        """What to ask for next. A page holds one event: only of the last one of a page is it known what comes after."""
        if self.live:
            return self._questions.stream(self._filter, self.cursor)
        query = self._filter if self.cursor else [*self._filter, *query_of({"since": self._since})]
        return self._questions.page(query, self.cursor, limit=1, wait_seconds=self._wait_seconds)

    def take(self, told: ServerSentEvent) -> Iterator[Event]:
        """What a stream tells: an event, or a place, or neither.

        Raises UnexpectedAnswer for an event that cannot be read: it is not passed over.
        """
        self._streaming = True
        self._live_failures = 0
        self._wait_seconds = WAIT_SECONDS
        self._succeeded()
        if told.retry is not None:
            self._retry_seconds = told.retry / 1000
        if told.event not in KINDS:
            self._move(told.id)
            return
        event = _event(told)
        self.cursor = event.cursor
        yield event

    def take_page(self, page: Page) -> Iterator[Event]:
        """What a page of one event holds. It goes on with the live feed when that is due."""
        self._succeeded()
        until_live = (self._live_again_at - self._clock()).total_seconds()
        self.live = until_live <= 0
        idle = not (page.events or page.more or self._wait_seconds or self.live)
        self.pause = min(_POLLING.pause(1), until_live) if idle else 0.0
        for event in page.events:
            self.cursor = page.cursor
            yield Event(event.kind, event.signal, event.change, page.cursor)
        self._move(page.cursor)

    def ended(self) -> None:
        """A stream has come to its end, as all do from time to time."""
        if not self._streaming:
            self.fail(httpx.RemoteProtocolError("the stream ended before it began"))
            return
        self.pause = self._retries.pause(1) if self._retry_seconds is None else self._retry_seconds
        self._streaming = False

    def fail(self, outcome: Outcome) -> None:
        """Something else came, or nothing. Raises the SignalsError when there is no use in going on."""
        failure = failed(outcome, self._clock())
        if self._streaming:
            self.ended()
            self._note(SignalsError(f"The stream broke off: {failure.error.__cause__ or failure.error}"))
            return
        self._attempts += 1
        if self.live and not isinstance(outcome, NEVER_SENT):
            self._fall_back(outcome, failure)
        elif failure.retry:
            self._look_later(failure)
        else:
            raise failure.error
        self._note(failure.error)

    def _fall_back(self, outcome: Outcome, failure: Failure) -> None:
        """Go on with pages. One of them comes at once unless the service has no time."""
        status = outcome.status_code if isinstance(outcome, httpx.Response) else None
        if status and not failure.retry and status not in NOT_FOR_STREAMS:
            raise failure.error
        self.live = False
        self._live_failures += 1
        later = max(_RETURNING.pause(self._live_failures), failure.wait_seconds)
        self._live_again_at = self._clock() + timedelta(seconds=later)
        self.pause = 0.0
        if status and failure.retry:
            self._look_later(failure)

    def _look_later(self, failure: Failure) -> None:
        """Ask again after a pause, and no more for something that takes long."""
        left = self._retries.for_seconds - (self._clock() - self._well_at).total_seconds()
        pause = self._retries.next_pause(self._attempts, failure.wait_seconds, left)
        if pause is None:
            raise failure.error
        self.pause = pause
        self._wait_seconds = 0

    def _succeeded(self) -> None:
        self._well_at = self._clock()
        self._attempts = 0

    def _move(self, place: str) -> None:
        """Go on to a place without an event."""
        if place and place != self.cursor:
            self.cursor = place
            if self._on_place is not None:
                self._on_place(place)

    def _note(self, error: SignalsError) -> None:
        log.info("%s: next attempt in %.1f s", error, self.pause)


def _event(told: ServerSentEvent) -> Event:
    try:
        if not told.id:
            raise ValueError("an event without its place")
        return Event(told.event, *told_by(told.event, decoded(told.data)), told.id)
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswer(httpx.codes.OK, None) from error
