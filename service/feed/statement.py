"""The statements that read the feed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from service.feed.events import Row
from service.feed.position import END, ORIGIN, Position
from service.lives.horizon import EPOCH, FINAL, HORIZON, READABLE
from service.lives.snapshot import FOLLOWS
from service.months.archived import FLOOR
from service.notation.shapes import CHANGE, FIELDS
from service.readers.filter import EVERYTHING, Filter

_ORDER = "ORDER BY epoch, xact, id"

_ORDER_OF_ONE = "ORDER BY instrument, epoch, xact, id"
"""The same among the events of one instrument, as its index has them."""

_LOOK = f"""
WITH {HORIZON}
SELECT s.epoch, s.xact, s.id, s.instrument, coalesce(s.producer_id, '') AS producer,
    CASE WHEN s.hit AND s.signal_id IS NULL THEN row_to_json(signal)
        WHEN s.hit THEN row_to_json(change) END AS json,
    CASE WHEN s.signal_id IS NULL THEN 'signal' ELSE 'status' END AS kind, coalesce(s.signal_id, s.id) AS signal,
    s.to_status = 2 AS closed, s.expires_at, s.waiting OR s.approving AS waiting, CASE WHEN s.hit AND s.approving THEN (
        SELECT row_to_json(signal) FROM signals AS s, LATERAL (
            SELECT {FIELDS.format(status="1", state_version="1", updated_at="approval.at")}
        ) AS signal WHERE s.id = approval.of
    ) END AS approved, s.number, s.last
FROM (
    SELECT s.*, row_number() OVER place AS number, lead(s.id) OVER place IS NULL AS last,
        ($8::text[] IS NULL OR s.instrument = ANY($8) OR s.instrument ^@ ANY($9::text[]))
        AND ($10::text[] IS NULL OR s.producer_id = ANY($10))
        AND ($11::timestamptz IS NULL OR s.at >= $11) AND ($12::timestamptz IS NULL OR s.at < $12)
        AND ($13::jsonb IS NULL OR CASE WHEN s.signal_id IS NULL THEN s.payload @> $13
            ELSE (SELECT payload @> $13 FROM signals WHERE id = s.signal_id) END)
        AND (NOT $14::bool OR s.to_status <> 2 AND s.expires_at <= clock_timestamp() IS NOT TRUE
            AND (s.signal_id IS NULL OR (SELECT status <> 2 FROM signals WHERE id = s.signal_id)))
        AND ($15::bool OR NOT s.waiting) AS hit
    FROM (SELECT * FROM ({{source}}) AS s {{order}} LIMIT {{window}}) AS s WINDOW place AS ({{order}})
) AS s, LATERAL (
    SELECT {FIELDS.format(status="0", state_version="0", updated_at="s.created_at")}
) AS signal, {CHANGE}, LATERAL (SELECT s.signal_id AS of, s.at) AS approval
WHERE s.hit OR s.last {{order}} LIMIT $7
"""  # nosec B608
"""What comes after a place: signals, as each was at its own, status 0, and what became of signals. It looks at so many
rows, whatever they are, and gives those that match, and the last one. A signal that needs approval is `waiting`, and so
is what becomes of it without; where it is approved it is given as the signal that it is then."""

_SIGNALS = """
SELECT s.epoch, s.xact, s.id, s.instrument, s.producer_id, s.created_at AS at, s.created_at, s.side, s.time, s.payload,
    s.version, s.approval, s.expires_at, NULL::uuid AS signal_id, s.status AS to_status, NULL::int AS state_version,
    NULL::text AS reason, NULL::text AS by, s.approval = 'required' AS waiting, false AS approving
FROM {} AS s
"""

_TRANSITIONS = """
SELECT s.epoch, s.xact, s.id, s.instrument, s.producer_id, s.at, NULL::timestamptz, NULL::smallint, NULL::timestamptz,
    NULL::jsonb, NULL::int, s.approval, s.expires_at, s.signal_id, s.to_status, s.state_version, s.reason, s.by,
    s.approval = 'required' AND s.from_status = 0 AND s.to_status = 2,
    s.approval = 'required' AND s.from_status = 0 AND s.to_status = 1
FROM {} AS s
"""

_THESE = "(SELECT * FROM {} AS these WHERE {} = ANY($16::uuid[]) OFFSET 0)"  # nosec B608
"""They are looked up first and then put in order, which OFFSET demands: the index has many others between them."""

_SOURCES = (
    (_SIGNALS, "signals", _THESE.format("signals", "id")),
    (_TRANSITIONS, "transitions", _THESE.format("transitions", "signal_id")),
)
"""The two tables that are read, in one form, each whole and as what is of few signals; each has an order of its own."""

_ALL = f"""
({{rows}}
WHERE (s.epoch, s.xact, s.id) > ($1, $2::xid8, $3::uuid) AND (s.epoch, s.xact, s.id) <= ($4, $5::xid8, $6::uuid)
    AND {FINAL} AND {{condition}} {_ORDER})
"""  # nosec B608

_OF_ONE = f"""
({{rows}}
WHERE {{same}}
    (s.instrument, s.epoch, s.xact, s.id) > ({{name}}, $1, $2::xid8, $3::uuid)
    AND (s.instrument, s.epoch, s.xact, s.id) <= ({{name}}, $4, $5::xid8, $6::uuid)
    AND (s.instrument, s.epoch, s.xact) < ({{name}}, (SELECT epoch FROM horizon), (SELECT xact FROM horizon))
    AND {READABLE} {{order}})
"""  # nosec B608
"""The instrument is in all bounds, so that they are of no use for any other index. They alone say that it is the
`same`, unless several are merged in the order of their places: then it is said, and what is before is passed."""

_DOWN = "ORDER BY epoch DESC, xact DESC, id DESC LIMIT 1"

_NEWEST_OF = f"""
(SELECT s.epoch, s.xact, s.id FROM {{table}} AS s WHERE {FINAL} AND (s.epoch, s.xact, s.id) <= ($1, $2::xid8, $3::uuid)
{_DOWN})
"""  # nosec B608

_NEWEST = f"""
WITH {HORIZON}
SELECT epoch, xact, id
FROM ({_NEWEST_OF.format(table="signals")} UNION ALL {_NEWEST_OF.format(table="transitions")}
    UNION ALL ({FLOOR} AND (epoch, xact, id) <= ($1, $2::xid8, $3::uuid) {_DOWN})) AS s {_DOWN}
"""  # nosec B608

_COMPLETE_UNTIL = f"""
SELECT least(now(), CASE WHEN {FOLLOWS} THEN (SELECT greatest(at, 'epoch') FROM survey) END, (
    SELECT CASE WHEN s.xact = '0' THEN 'epoch' ELSE s.created_at END FROM signals AS s
    WHERE (s.epoch, s.xact, s.id) > ($1, $2::xid8, $3::uuid) ORDER BY s.epoch, s.xact, s.id LIMIT 1
))
"""  # nosec B608
"""What comes after a place was acknowledged after the first of its transactions began, which is when its rows were
created, unless it is older than this order. A standby has what was acknowledged before the last beat that it knows."""

_ONE = f"""
SELECT s.instrument, coalesce(s.producer_id, '') AS producer, s.state_version, row_to_json(signal) AS json,
    s.approval = 'required' AND NOT EXISTS (SELECT FROM transitions WHERE signal_id = $1 AND to_status = 1) AS waiting
FROM signals AS s, LATERAL (
    SELECT {FIELDS.format(status="s.status", state_version="s.state_version", updated_at="s.updated_at")}, (
        SELECT coalesce(json_agg(row_to_json(change) ORDER BY s.state_version), '[]')
        FROM transitions AS s, {CHANGE} WHERE s.signal_id = $1
    ) AS history
) AS signal WHERE s.id = $1
"""  # nosec B608


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read: at most `rows` events after one place up to another, looking at no more than `window`.
    `names`, if there are any, are all instruments that are meant: each is looked up by itself. `ids`, if there are any,
    are the only signals that may be meant, fewer than `window`."""

    filter: Filter = EVERYTHING
    after: Position = ORIGIN
    until: Position = END
    since: datetime | None = None
    before: datetime | None = None
    rows: int = 100
    window: int = 10_000
    names: tuple[str, ...] | None = None
    ids: list[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """Events that match, the place up to which rows were looked at, and how many; whether these were all."""

    rows: list[Row]
    position: Position
    number: int
    all: bool


async def look(connection: asyncpg.Connection, asked: Asked) -> Looked:
    """Read at once, within a snapshot."""
    return _looked(await connection.fetch(*_statement(asked)), asked)


async def portions(connection: asyncpg.Connection, asked: Asked) -> Callable[[int], Awaitable[Looked]]:
    """Read with one statement, within a snapshot, so many events at a time as each call asks for. What is told of how
    many rows were looked at is their number since the first."""
    portal = await connection.portal(*_statement(replace(asked, rows=asked.window)))

    async def take(rows: int) -> Looked:
        return _looked(await portal.fetch(rows), asked)

    return take


def _looked(records: Sequence[asyncpg.Record], asked: Asked) -> Looked:
    """The last of all that there are says so: nothing comes only where there is nothing at all."""
    found = [Row(Position(*record[:3]), *record[3:12]) for record in records if record["json"] is not None]
    rows = [given for row in found if (given := row.given(asked.filter))]
    if not records:
        return Looked(rows, asked.after, 0, all=True)
    last = records[-1]
    return Looked(rows, Position(*last[:3]), last["number"], all=last["last"] and last["number"] < asked.window)


async def newest(connection: asyncpg.Connection, until: Position = END) -> Position:
    """The place of the newest event up to `until` that is to be read, or is archived; that before all if none is."""
    record = await connection.fetchrow(_NEWEST, *until)
    return Position(*record) if record else ORIGIN


async def is_behind(connection: asyncpg.Connection, end: Position, position: Position) -> bool | None:
    """Whether `position` lies behind all that is stored, up to `end`, and to come; None where a standby cannot know."""
    epoch = await connection.fetchval(EPOCH) if end < position else position.epoch + 1
    return None if epoch is None else position.epoch >= epoch


async def complete_until(connection: asyncpg.Connection, position: Position) -> datetime:
    """A time: every signal that was acknowledged before it is at or before the place."""
    moment: datetime = await connection.fetchval(_COMPLETE_UNTIL, *position)
    return moment


async def one(connection: asyncpg.Connection, id: UUID) -> asyncpg.Record | None:
    """A signal as it is now, with its history: `json`, beside its `instrument`, `producer`, empty for none,
    `state_version`, and whether it is `waiting` for approval, or never got it."""
    return await connection.fetchrow(_ONE, id)


def _statement(asked: Asked) -> Sequence[Any]:
    """The window is no parameter: a plan that holds for any would expect a large one."""
    filter = asked.filter
    names = [filter.literals, filter.prefixes] if asked.names is None else [None, None]
    producers = None if filter.producers is None else [*filter.producers]
    values = [*asked.after, *asked.until, asked.rows, *names, producers, asked.since, asked.before, filter.payload]
    more = asked.names or () if asked.ids is None else [asked.ids]
    values += [filter.live, filter.unapproved, *more]
    source, order = _source(asked)
    return [_LOOK.format(source=source, window=asked.window, order=order), *values]


def _source(asked: Asked) -> tuple[str, str]:
    """What is read, and its order. Each instrument has its own order in the index of each table; those are merged."""
    order = _ORDER
    if asked.names:
        same, order = ("s.instrument = {} AND", _ORDER) if len(asked.names) > 1 else ("", _ORDER_OF_ONE)
        names = [f"${16 + place}::text" for place in range(len(asked.names))]
        parts = [
            _OF_ONE.format(rows=rows.format(table), name=name, same=same.format(name), order=order)
            for rows, table, _ in _SOURCES
            for name in names
        ]
    elif asked.ids is not None:
        parts = [_ALL.format(rows=rows.format(these), condition="true") for rows, _, these in _SOURCES]
    else:
        condition = "true" if asked.names is None else "false"
        parts = [_ALL.format(rows=rows.format(table), condition=condition) for rows, table, _ in _SOURCES]
    return " UNION ALL ".join(parts), order
