"""Servers for those who read."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reliability.postgresql import PostgreSQL
from tests.reliability.standby import Pair, Standby
from tests.standbys.servers import Servers


@pytest.fixture
async def servers(template: Path) -> AsyncIterator[Servers]:
    """A primary that waits for its standby, and a standby that it does not wait for, which is read."""
    with tempfile.TemporaryDirectory(prefix="signals-standbys-") as folder:
        primary = PostgreSQL(template, Path(folder))
        servers = Servers(Pair(template, primary), Standby(template, primary, "read"))
        try:
            await primary.begin()
            await servers.pair.begin()
            servers.read.follow()
            await servers.read.answering()
            yield servers
        finally:
            servers.read.end()
            servers.pair.standby.end()
            primary.end()
