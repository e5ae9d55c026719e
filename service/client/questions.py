"""The requests of a reader: where they go, what they ask for, and what they show."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote
from uuid import UUID

import httpx

from service import __version__
from service.client.preparation import PATH, TIMEOUT_SECONDS, checked_url
from service.client.retries import DEFAULT_RETRIES, Retries
from service.client.signal import json_text
from service.kernel.timestamps import Clock, utc_now, utc_text

SILENCE_SECONDS = 10.0
"""A stream has its heartbeat every 5 seconds: after so many without one nobody is there any more."""

MOST_SIGNALS = 1000
"""The most that one page may hold."""

HELD_SECONDS = 1.0
"""How long to wait for the rest of a page that a transaction holds back which is still open."""

_FEED = "/api/v1/feed"
_LIVE = "/api/v1/feed/live"

_TOKEN = re.compile("[!-~]+")

Query = list[tuple[str, str]]
"""Names and values, in the order in which they are asked for."""


class Filter(TypedDict, total=False):
    """Which signals are wanted: of these instruments, of which each may end in `*`, and of these producers; `live` ones
    are neither closed nor expired, and with `unapproved` there are also those that nobody has approved yet."""

    instrument: str | Sequence[str]
    producer: str | Sequence[str]
    live: bool
    unapproved: bool


class Wanted(Filter, total=False):
    """The same, and when they were stored: from `since` on, before `until`. `payload` is what theirs must contain."""

    since: datetime | None
    until: datetime | None
    payload: Mapping[str, Any] | None


class Options(TypedDict, total=False):
    """What both readers can be told.

    `token` is what `signals readers add` has shown; None for a service that anybody may read.
    `timeout_seconds` is for each step of an attempt, and `silence_seconds` for how long a stream may say nothing.
    `retries` is for single questions and pages; `follow` goes on until it is told otherwise, with the same pauses.
    """

    token: str | None
    timeout_seconds: float
    silence_seconds: float
    retries: Retries
    clock: Clock


class Questions:
    """Makes the requests of one reader. `build` is what its httpx client makes requests with."""

    def __init__(
        self,
        build: Callable[..., httpx.Request],
        url: str,
        *,
        token: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        retries: Retries = DEFAULT_RETRIES,
        clock: Clock = utc_now,
    ) -> None:
        """Raises ValueError for a wrong URL or token."""
        if token is not None and _TOKEN.fullmatch(token) is None:
            raise ValueError("a token is printable ASCII without spaces")
        self._build = build
        self._url = checked_url(url)
        self._timeout_seconds = timeout_seconds
        self._silence_seconds = silence_seconds
        self._headers = {"User-Agent": f"signals-client/{__version__}"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self.retries = retries
        self.clock = clock

    def signal(self, id: UUID | str) -> httpx.Request:
        """One signal."""
        return self._request(f"{PATH}/{quote(str(id), safe='')}", [], self._timeout_seconds)

    def decision(self, id: UUID | str, status: int, reason: str | None, state_version: int | None) -> httpx.Request:
        """Another status of a signal, if need be only while its state has this version."""
        wanted = {"status": status} if reason is None else {"status": status, "reason": reason}
        condition = {} if state_version is None else {"If-Match": f'"{state_version}"'}
        headers = {"Content-Type": "application/json", **condition}
        path = f"{PATH}/{quote(str(id), safe='')}/status"
        return self._request(path, [], self._timeout_seconds, headers, json_text(wanted).encode())

    def page(self, query: Query, cursor: str | None, *, limit: int, wait_seconds: int = 0) -> httpx.Request:
        """A page of the feed, after a cursor; it may wait until there is something."""
        place = [] if cursor is None else [("after", cursor)]
        wait = [("wait", str(wait_seconds))] if wait_seconds else []
        query = [*query, *place, ("limit", str(limit)), *wait]
        return self._request(_FEED, query, self._timeout_seconds + wait_seconds)

    def stream(self, query: Query, cursor: str | None) -> httpx.Request:
        """The live feed. A compressed stream would hold events back."""
        place = {} if cursor is None else {"Last-Event-ID": cursor}
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", **place}
        return self._request(_LIVE, query, self._silence_seconds, headers)

    def _request(
        self,
        path: str,
        query: Query,
        silence_seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> httpx.Request:
        return self._build(
            "GET" if body is None else "POST",
            self._url + path,
            params=httpx.QueryParams(tuple(query)),
            headers={**self._headers, **(headers or {})},
            content=body,
            timeout=httpx.Timeout(self._timeout_seconds, read=silence_seconds),
        )


def query_of(wanted: Mapping[str, Any]) -> Query:
    """What is wanted, as the service is asked for it. Raises TypeError for a filter that there is not."""
    return [asked for name, value in wanted.items() if value is not None for asked in _asked(name, value)]


def _asked(name: str, value: Any) -> Query:
    match name:
        case "instrument" | "producer":
            return [(name, each) for each in ([value] if isinstance(value, str) else value)]
        case "live" | "unapproved":
            return [(name, "true")] if value else []
        case "since":
            return [("from", utc_text(value))]
        case "until":
            return [("to", utc_text(value))]
        case "payload":
            return [("payload", json_text(value))]
    raise TypeError(f"there is no filter {name}")
