"""What only the owner of the table of transitions may do to it."""

import asyncpg

ARCHIVE_LOCK = 0x41726368697665
"""The advisory lock that lets one process archive, restore or forget: the ASCII bytes of `Archive`."""


async def change(connection: asyncpg.Connection, query: str, *values: object) -> None:
    """Within a transaction, do what nobody else may do to transitions: nobody but the owner of the table can switch off
    what keeps them as they are."""
    await connection.execute("ALTER TABLE transitions DISABLE TRIGGER transitions_stay")
    await connection.execute(query, *values)
    await connection.execute("ALTER TABLE transitions ENABLE ALWAYS TRIGGER transitions_stay")
