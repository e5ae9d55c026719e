"""A server, or something that speaks for it, that says of a statement only that it failed."""

import asyncio

import pytest

from tests.intake.troubled import readiness, send
from tests.running.application import serving
from tests.running.postgres import Database
from tests.running.proxy import DatabaseProxy

STORED = b"C\0\0\0\x0fINSERT 0 1\0"
_FIELDS = b"SERROR\0Mno code\0\0"
NAMELESS = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS
"""An ErrorResponse without the field `C`, the SQLSTATE (PostgreSQL manual, 53.7 and 53.8)."""


class Slanderer(DatabaseProxy):
    """Says of the first signal that is stored that this was an error, and not which."""

    slanders = 1

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: asyncio.Event) -> None:
        while data := await reader.read(65536):
            if self.slanders and STORED in data:
                self.slanders -= 1
                data = data.replace(STORED, NAMELESS)
            writer.write(data)
            await writer.drain()


@pytest.mark.anyio
async def test_an_error_without_sqlstate_does_not_end_the_writer(direct_database: Database) -> None:
    """It did: from then on each signal was answered 500 after 4.5 seconds, and readiness said ready."""
    proxy = Slanderer(direct_database.url)
    await proxy.mend()
    async with serving(proxy.url) as client:
        assert await send(client) == 201
        assert proxy.slanders == 0
        assert await readiness(client) == "connected"
    await proxy.cut()
    assert direct_database.value("SELECT count(*) FROM signals") == 1
