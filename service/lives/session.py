"""Sessions in which the rows of one statement can be taken in portions."""

import asyncpg
from asyncpg.cursor import Cursor


class Session(asyncpg.Connection):  # type: ignore[misc]
    """A session of the service."""

    copies = True
    """Whether rows may come in by COPY. Not through a pooler: PgBouncer from 1.22.1 on gives a session in which it has
    failed to nobody else any more."""

    async def portal(self, query: str, *values: object) -> Cursor:
        """The rows of one statement, to be fetched in portions while the transaction lasts that is open."""
        return await self.cursor(query, *values)


class PooledSession(Session):
    """One that a pooler lends for each transaction."""

    copies = False

    async def portal(self, query: str, *values: object) -> Cursor:
        """As above. `prepare` gives the statement no name here, and `cursor` would: it would stay in a session in which
        somebody else may have one of that name."""
        statement = await self.prepare(query)
        return await statement.cursor(*values)
