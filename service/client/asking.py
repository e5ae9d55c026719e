"""A question to the service, asked until it is answered: what to do next, and when to give up. It knows, but it neither
sends nor waits. Reading changes nothing, so whatever may pass by itself is asked again."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from service.client.answers import Failure, Outcome, json_object, refusal, unanswered
from service.client.delivery import log
from service.client.failures import CursorExpired, ReadingRefused, UnexpectedAnswer
from service.client.feed import decoded
from service.client.retries import Retries, retry_after
from service.kernel.timestamps import Clock

PASSING = {408, 425, 429}
"""Below 500, what may pass by itself (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4)."""

T = TypeVar("T")


class Asking:
    """One question. Ask, tell `take` how it went, and again until it returns no number of seconds."""

    def __init__(self, retries: Retries, clock: Clock) -> None:
        self._retries = retries
        self._clock = clock
        self._attempts = 0
        self._give_up = clock() + timedelta(seconds=retries.for_seconds)

    def take(self, outcome: Outcome, form: Callable[[Mapping[str, Any]], T]) -> T | float:
        """What `form` makes of the answer; otherwise the seconds to wait before it is asked again.

        Raises the SignalsError with which it ends.
        """
        self._attempts += 1
        if isinstance(outcome, httpx.Response) and outcome.status_code == httpx.codes.OK:
            return understood(outcome, form)
        now = self._clock()
        failure = failed(outcome, now)
        left = (self._give_up - now).total_seconds()
        pause = self._retries.next_pause(self._attempts, failure.wait_seconds, left) if failure.retry else None
        if pause is None:
            raise failure.error
        log.info("%s: next attempt in %.1f s", failure.error, pause)
        return pause


def is_stream(answer: httpx.Response) -> bool:
    """Whether server-sent events follow."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return bool(answer.status_code == httpx.codes.OK and kind == "text/event-stream")


def understood(answer: httpx.Response, form: Callable[[Mapping[str, Any]], T]) -> T:
    """What `form` makes of an answer. Raises UnexpectedAnswer when it is not in the form of this service."""
    try:
        return form(decoded(answer.text))
    except (ValueError, KeyError, TypeError) as error:
        raise unexpected(answer) from error


def failed(outcome: Outcome, now: datetime) -> Failure:
    """What became of a question that was not answered, or refused."""
    if isinstance(outcome, httpx.RequestError):
        return unanswered(outcome)
    content = json_object(outcome)
    refused = not outcome.is_success and isinstance(content.get("code"), str)
    return Failure(
        _refusal(outcome, content) if refused else unexpected(outcome),
        retry=outcome.is_server_error or outcome.status_code in PASSING,
        open=False,
        wait_seconds=retry_after(outcome.headers.get("Retry-After"), now),
    )


def unexpected(answer: httpx.Response) -> UnexpectedAnswer:
    """An answer that is not one of this service."""
    return UnexpectedAnswer(answer.status_code, answer.headers.get("X-Request-Id"))


def _refusal(answer: httpx.Response, content: Mapping[str, Any]) -> ReadingRefused:
    if answer.status_code != httpx.codes.GONE:
        return refusal(ReadingRefused, answer, content)
    return refusal(CursorExpired, answer, content, content.get("oldest"), content.get("newest"))
