"""Changes that processes follow: made one at a time, so that they are counted in the order of their commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from tortoise.transactions import in_transaction


class RegistryRefusal(Exception):
    """What is there is not in a state for this. The message is a sentence for the operator."""


@asynccontextmanager
async def change(lock: str) -> AsyncIterator[datetime]:
    """A transaction for a change, and the time of the database. `lock` selects that time, and locks the row at which
    those wait who change the same, so that what is read is still so when it is written."""
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(lock)
        yield rows[0]["now"]
