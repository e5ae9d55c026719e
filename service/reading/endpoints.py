"""The endpoints that give signals out."""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.feed import statement
from service.feed.events import SIGNAL, Row
from service.feed.pages import Page, Pages
from service.feed.position import Position
from service.feed.share import Share, answered
from service.http.errors import NotFound, ValidationFailed
from service.kernel.errors import FieldFault
from service.kernel.timestamps import utc_text
from service.months.archived import is_archived
from service.months.errors import SignalArchived
from service.readers.errors import TokenInvalid
from service.readers.filter import Filter
from service.readers.scope import Reader
from service.reading.listing import listed
from service.reading.overview import Overview
from service.reading.query import FeedQuery, feed_query, instruments_query, unapproved_query
from service.reading.waiting import Waiting

_ID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_UNSTORABLE = FieldFault(loc=["query", "payload"], msg="Input cannot be stored as jsonb", type="value_error")

_HEADERS = {"Cache-Control": "no-store"}


class Reading:
    """One signal, pages of the feed, and instruments. A guard has told who reads."""

    def __init__(
        self, share: Share, pages: Pages, waiting: Waiting, overview: Overview, closing: Callable[[], bool]
    ) -> None:
        self._share = share
        self._pages = pages
        self._waiting = waiting
        self._overview = overview
        self._closing = closing

    async def signal(self, request: Request) -> Response:
        """GET /api/v1/signals/{id}: one signal, as it is now, with what became of it."""
        key, filter = request.path_params["id"], _allowed(request, unapproved_query(request.scope))
        if _ID.fullmatch(key) is None:
            raise NotFound
        with answered():
            async with self._share.connection() as connection:
                found = await statement.one(connection, UUID(key))
                if found is None and await is_archived(connection, UUID(key)):
                    raise SignalArchived
        if found is None or not filter.matches(found["instrument"], found["producer"]):
            raise NotFound
        if found["waiting"] and not filter.unapproved:
            raise NotFound
        return _json(found["json"], ETag=f'"{found["state_version"]}"')

    async def feed(self, request: Request) -> Response:
        """GET /api/v1/feed: a page of events, and the cursor after it."""
        query = feed_query(request.scope)
        filter = query.filter.of(_reader(request))
        with answered():
            try:
                page = await self._page(request, query, filter)
            except asyncpg.DataError:
                raise ValidationFailed([_UNSTORABLE]) from None
        return _json(_content(page))

    async def instruments(self, request: Request) -> Response:
        """GET /api/v1/instruments: what there are signals of."""
        query = instruments_query(request.scope)
        filter = _allowed(request, query.unapproved)
        read = partial(listed, filter=filter, prefix=query.prefix, after=query.after, limit=query.limit + 1)
        with answered():
            found = await self._share.ask(read)
        shown = [{"instrument": name, "latest": utc_text(latest)} for name, latest in found[: query.limit]]
        return JSONResponse({"instruments": shown, "more": len(found) > query.limit}, headers=_HEADERS)

    async def overview(self, request: Request) -> Response:
        """GET /api/v1/overview: what this machine has stored and refused."""
        filter = _allowed(request, unapproved_query(request.scope))
        reader = _reader(request)
        content = {**await self._overview.content(reader.scope, filter), "may": reader.may}
        return JSONResponse(content, headers=_HEADERS)

    async def _page(self, request: Request, query: FeedQuery, filter: Filter) -> Page:
        waits = query.wait > 0  # for what is stored last

        async def read(after: Position | None) -> Page:
            return await self._pages.read(
                filter, after or query.after, query.limit, since=query.since, before=query.before, latest=waits
            )

        return await self._waiting.page(filter, read, query.wait, self._still(request))

    def _still(self, request: Request) -> Callable[[], Awaitable[bool]]:
        """Whether the one who waits is still there and may still read, and the process stays."""

        async def still() -> bool:
            if not request.scope["still_reads"]():
                raise TokenInvalid
            return not self._closing() and not await request.is_disconnected()

        return still


def _reader(request: Request) -> Reader:
    reader: Reader = request.scope["reader"]
    return reader


def _allowed(request: Request, unapproved: bool) -> Filter:
    return Filter(unapproved=unapproved).of(_reader(request))


def _json(content: bytes, **headers: str) -> Response:
    return Response(content, media_type="application/json", headers=_HEADERS | headers)


def _event(row: Row) -> bytes:
    return b'{"event":"signal","signal":%b}' % row.json if row.kind == SIGNAL else row.json


def _content(page: Page) -> bytes:
    events = b",".join(map(_event, page.rows))
    more = b"true" if page.more else b"false"
    until = utc_text(page.complete_until).encode()
    form = b'{"events":[%b],"cursor":"%b","more":%b,"complete_until":"%b"}'
    return form % (events, page.position.cursor, more, until)
