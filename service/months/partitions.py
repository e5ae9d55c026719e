"""Which months there are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from service.months.month import Month

DEFAULT = "signals_default"
"""The table of what no month takes."""

FIRST = "signals_first"
"""The table of all that was there before there were months."""

_LOWEST, _HIGHEST = UUID(int=0), UUID(int=(1 << 128) - 1)

_PARTITIONS = """
SELECT relname, pg_get_expr(relpartbound, pg_class.oid) AS bound
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = to_regclass('signals')
"""

_BOUND = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'(.{36})')\) TO \((?:MAXVALUE|'(.{36})')\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """A table of signals with ids from `lower` up to, and without, `upper`."""

    name: str
    lower: UUID
    upper: UUID


async def partitions(connection: asyncpg.Connection) -> list[Partition]:
    """All tables of signals in the order of their ids, but for that of what no month takes."""
    found = [(name, _BOUND.fullmatch(bound)) for name, bound in await connection.fetch(_PARTITIONS)]
    bounds = [(name, bound.groups()) for name, bound in found if bound]
    parts = [Partition(name, _id(lower, _LOWEST), _id(upper, _HIGHEST)) for name, (lower, upper) in bounds]
    return sorted(parts, key=lambda part: part.lower)


def holding(parts: Sequence[Partition], month: Month) -> Partition | None:
    """The table in which the signals of a month are; None when no month takes them."""
    return next((part for part in parts if part.lower <= month.lower and month.upper <= part.upper), None)


def ahead(parts: Sequence[Partition], this: Month) -> int:
    """How many months after this one have a table, without a gap; a hundred years at most."""
    return next((number for number in range(1200) if holding(parts, this.later(number + 1)) is None), 1200)


def _id(text: str | None, otherwise: UUID) -> UUID:
    return UUID(text) if text else otherwise
