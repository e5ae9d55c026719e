"""What comes after a place, within bounds: however much is stored, and whatever is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import asyncpg

from service.feed import ages, contents, instruments
from service.feed.errors import CursorExpired, FeedUnavailable
from service.feed.events import Row
from service.feed.pace import FIRST_ROWS, next_rows
from service.feed.position import Position
from service.feed.share import Share
from service.feed.statement import Asked, complete_until, is_behind, newest, portions
from service.kernel.limits import Limits
from service.lives.snapshot import snapshot
from service.months.archived import floor
from service.readers.filter import Filter


@dataclass(frozen=True, slots=True)
class Page:
    """Signals in their order, and the place after them: everything up to there was looked at.

    Every signal that is asked for and was acknowledged before `complete_until` is at or before that place. `full` says
    that not everything behind it was looked at, `settled` whether all that was stored before the end that was asked for
    can be read; None where none was asked for.
    """

    rows: list[Row]
    position: Position
    complete_until: datetime
    full: bool
    settled: bool | None

    @property
    def more(self) -> bool:
        """Whether something may come behind it even if nobody stores anything."""
        return self.full or self.settled is False

    @property
    def waits(self) -> bool:
        """Whether there is nothing in it, and may be later."""
        return not (self.rows or self.full or self.settled)


@dataclass(slots=True)
class _Draft:
    """A page that is being read."""

    rows: list[Row]
    position: Position
    size: int = 0
    looked: int = 0
    full: bool = False


class Pages:
    """Reads pages of signals whose payloads have about `payload_max_bytes` at most."""

    def __init__(self, share: Share, limits: Limits, *, payload_max_bytes: int) -> None:
        self._share = share
        self._limits = limits
        self._first_rows = max(1, min(FIRST_ROWS, limits.page_bytes // payload_max_bytes))
        self._payloads = max(1, min(limits.page_rows, limits.page_payload_bytes // payload_max_bytes))

    async def read(
        self,
        filter: Filter,
        after: Position | None,
        limit: int,
        *,
        since: datetime | None = None,
        before: datetime | None = None,
        latest: bool = False,
    ) -> Page:
        """At most `limit` signals after a place, or after the beginning; those stored at `since` or later and before
        `before`; with `latest` all that was stored last. Raises CursorExpired when the place lies behind all that is
        stored and to come, or before something that lies in an archive, FeedUnavailable where nobody can tell that,
        Overloaded, and what is in `unavailable`."""
        window = self._limits.page_rows if filter.payload is None else self._payloads
        asked = Asked(filter, since=since, before=before, rows=limit, window=window)
        if latest or filter.live or before is not None:  # how things are now, and who is still at work
            async with self._share.connection() as connection:
                return await self._page(asked, after, connection)
        return await self._share.ask(partial(self._page, asked, after))

    async def _page(self, asked: Asked, after: Position | None, connection: asyncpg.Connection) -> Page:
        settled = None if asked.before is None else await ages.settled(connection, asked.before)
        if after is None:
            async with snapshot(connection):
                after = max(await ages.place(connection, asked.since), Position(*await floor(connection)))
        page = _Draft([], after)
        await self._read(connection, page, replace(asked, after=after))
        if asked.filter.payload is not None and page.looked >= asked.window and len(page.rows) < asked.rows:
            await self._find(connection, page, asked, asked.filter.payload)
        async with snapshot(connection):
            refusal = await _refusal(connection, after, is_followed=page.looked > 0)
            moment = await complete_until(connection, page.position)
        if refusal:
            raise refusal
        return Page(page.rows, page.position, moment, page.full, settled)

    async def refuse_archived(self, position: Position) -> None:
        """Raises CursorExpired when a place lies before something that lies in an archive, and what `read` raises."""
        async with self._share.connection() as connection:
            if position >= Position(*await floor(connection)):
                return
            async with snapshot(connection):
                refusal = await _refusal(connection, position)
        if refusal:
            raise refusal

    async def _find(self, connection: asyncpg.Connection, page: _Draft, asked: Asked, payload: str) -> None:
        """Go on in a page whose window had few, or none, if the index of payloads tells that there are few at all."""
        found = await contents.few(connection, payload, asked.window, self._limits.page_contents_seconds)
        if found is not None and page.position < found.until:
            window = page.looked + asked.window
            rest = replace(asked, after=page.position, until=found.until, ids=found.ids, window=window)
            await self._read(connection, page, rest)
            page.full = True  # nobody has looked behind that place yet

    async def _read(self, connection: asyncpg.Connection, page: _Draft, asked: Asked) -> None:
        """What was read before the server gave up on one of the statements is a page too."""
        try:
            async with snapshot(connection):
                await self._fill(connection, page, asked)
        except asyncpg.QueryCanceledError:
            if not page.looked:
                raise
            page.full = True

    async def _fill(self, connection: asyncpg.Connection, page: _Draft, asked: Asked) -> None:
        for span in await self._spans(connection, asked):
            page.full = len(page.rows) == asked.rows
            if not page.full:
                await self._add(connection, page, span)
            if page.full:
                return
            # All there are were looked at, be it by way of an index that has but few of them.
            page.position = max(page.position, await newest(connection, span.until))

    async def _add(self, connection: asyncpg.Connection, page: _Draft, span: Asked) -> None:
        """What is before the end of a span, in portions that cannot be too large."""
        take = await portions(connection, span)
        before, rows = page.looked, self._first_rows
        while not page.full:
            looked = await take(min(rows, span.rows - len(page.rows)))
            page.rows += looked.rows
            page.size += sum(len(row.json) for row in looked.rows)
            page.looked = before + looked.number
            page.position = looked.position
            if looked.all:
                return
            page.full = (
                len(page.rows) == span.rows or page.looked >= span.window or page.size >= self._limits.page_bytes
            )
            rows = next_rows(rows, looked.rows, self._limits.page_bytes - page.size)

    async def _spans(self, connection: asyncpg.Connection, asked: Asked) -> Sequence[Asked]:
        """Few instruments are looked up one by one. Which ones a pattern stands for is known up to some place only."""
        literals, prefixes = asked.filter.literals, asked.filter.prefixes
        if asked.ids is not None or literals is None or prefixes is None or len(literals) > self._limits.page_names:
            return [asked]
        if not prefixes:
            return [replace(asked, names=tuple(literals))]
        known = await instruments.known(connection, prefixes, self._limits.page_names - len(literals))
        if known is None or known.until <= asked.after:
            return [asked]
        names = tuple({*known.names, *literals})
        return [replace(asked, names=names, until=known.until), replace(asked, after=known.until)]


async def _refusal(
    connection: asyncpg.Connection, position: Position, *, is_followed: bool = False
) -> CursorExpired | FeedUnavailable | None:
    """Why nobody can go on from a place; None if that is possible. Where it `is_followed` by what is stored, it does
    not lie behind all of that."""
    oldest = Position(*await floor(connection))
    if is_followed and position >= oldest:
        return None
    end = await newest(connection)
    behind = await is_behind(connection, end, position)
    if behind is None and position >= oldest:
        return FeedUnavailable("The server that answers has not come to this cursor: send the same request again")
    lost = behind or position < oldest
    return CursorExpired(oldest.cursor.decode(), end.cursor.decode(), archived=position < oldest) if lost else None
