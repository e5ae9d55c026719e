"""Which process of the server serves a session."""

import asyncpg


async def backend(connection: asyncpg.Connection) -> int:
    """The process that serves a session."""
    return int(await connection.fetchval("SELECT pg_backend_pid()"))
