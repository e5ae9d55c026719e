"""Whether all that was stored before a time can be read: who has begun before it is counted, seen or not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import uuid4

import asyncpg
import pytest

from service.feed import ages
from tests.postgres.database_url import with_options
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def unprivileged(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A session of a role that may read the tables, and not see the sessions of others."""
    role = f"reader_{uuid4().hex}"
    database.execute(f"CREATE ROLE {role}")
    database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    connection = await asyncpg.connect(with_options(database.url, role=role))
    try:
        yield connection
    finally:
        await connection.close()
        database.execute(f"DROP OWNED BY {role}")
        database.execute(f"DROP ROLE {role}")


async def test_a_transaction_that_cannot_be_seen_is_open(database: Database) -> None:
    """Red when only sessions count of which it is told when they began: an export ends without what they store."""
    async with unprivileged(database) as connection:
        other = await asyncpg.connect(database.url)
        try:
            async with other.transaction():
                moment: datetime = await other.fetchval("SELECT clock_timestamp()")
                assert not await ages.settled(connection, moment)

            async def settled() -> bool:
                return await ages.settled(connection, moment)

            await until_true(settled, "nobody has anything open")
        finally:
            await other.close()
