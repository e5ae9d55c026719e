"""Signals of old months, as if they had been stored then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from service.kernel.timestamps import utc_now
from service.months.making import make
from service.months.month import Month
from service.months.partitions import FIRST, partitions
from tests.postgres.rows import insert_signal
from tests.running.postgres import Database, Row

AGE = timedelta(days=90)

_LONG_AGO = Month(2015, 1)

_TRANSITION = """
INSERT INTO transitions (id, signal_id, instrument, producer_id, from_status, to_status, state_version, at, by, reason)
VALUES ($1, $2, $3, $4, 0, 2, 1, $5, $6, $7)
"""

_APPROVAL = """
WITH approved AS (UPDATE signals SET status = 1, state_version = 1 WHERE id = $1 RETURNING *)
INSERT INTO transitions
    (id, signal_id, instrument, producer_id, approval, from_status, to_status, state_version, at, by)
SELECT $2, id, instrument, producer_id, approval, 0, 1, 1, $3, 'anna' FROM approved RETURNING *
"""


@dataclass(frozen=True, slots=True)
class Months:
    """The months of a database: `oldest`, which can be archived, and those after it up to the present one."""

    database: Database
    oldest: Month

    @property
    def present(self) -> Month:
        """The month in which the test runs."""
        return Month.of(utc_now())

    def store(self, month: Month | None = None, *, created_at: datetime | None = None, **values: object) -> Row:
        """A signal as it was stored in a month, by default in the oldest."""
        month = month or self.oldest
        moment = created_at or month.begins + timedelta(days=3)
        id = id_in(month)
        return insert_signal(self.database, id=id, created_at=moment, updated_at=moment, **values)

    def close(self, signal: Row, by: str = "anna", reason: str = "done") -> None:
        """Close a signal, as it was done then."""
        change = uuid4(), signal["id"], signal["instrument"], signal["producer_id"], signal["created_at"], by, reason
        self.database.execute("UPDATE signals SET status = 2, state_version = 1 WHERE id = $1", signal["id"])
        self.database.execute(_TRANSITION, *change)

    def approve(self, signal: Row, at: datetime) -> Row:
        """Approve a signal that needs it, as it was done then; returns what was written down of it."""
        return self.database.fetch(_APPROVAL, signal["id"], uuid4(), at)[0]

    def content(self) -> dict[str, list[Row]]:
        """All that is stored."""
        tables = {"signals": "id", "transitions": "id"}
        return {table: self.database.fetch(f"SELECT * FROM {table} ORDER BY {by}") for table, by in tables.items()}


def id_in(month: Month) -> UUID:
    """An id that was made in a month."""
    return UUID(int=month.lower.int + (uuid4().int >> 48))


async def begin_months(connection: asyncpg.Connection, oldest: Month) -> None:
    """Let the months of a database that has no signals yet begin with this one, unless they have begun."""
    first = (await partitions(connection))[0]
    if first.name != FIRST or first.upper <= oldest.lower:
        return
    await connection.execute(f"ALTER TABLE signals DETACH PARTITION {FIRST}")
    bounds = f"FROM (MINVALUE) TO ('{oldest.lower}')"
    await connection.execute(f"ALTER TABLE signals ATTACH PARTITION {FIRST} FOR VALUES {bounds}")


async def unused_month(database: Database) -> Month:
    """Make a month of long ago that is neither there nor archived."""
    connection = await asyncpg.connect(database.url)
    try:
        month = _LONG_AGO
        await begin_months(connection, month)
        known = "SELECT EXISTS (SELECT FROM archives WHERE month = $1)"
        while await connection.fetchval(known, str(month)) or await make(connection, month) is None:
            month = month.later(1)
        return month
    finally:
        await connection.close()


async def with_months(database: Database) -> Months:
    """Let the database have a table for each month of the last half year, as if it had been there then."""
    oldest = Month.of(utc_now()).later(-7)
    connection = await asyncpg.connect(database.url)
    try:
        await begin_months(connection, oldest)
        for later in range(9):
            await make(connection, oldest.later(later))
    finally:
        await connection.close()
    return Months(database, oldest)
