"""Servers for those who read."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.reliability.standby import Standby, following_pair
from tests.standbys.servers import Servers


@pytest.fixture
async def servers(template: Path) -> AsyncIterator[Servers]:
    """A primary that waits for its standby, and a standby that it does not wait for, which is read."""
    with tempfile.TemporaryDirectory(prefix="signals-standbys-") as folder:
        async with following_pair(template, Path(folder)) as pair:
            read = Standby(template, pair.primary, "read")
            try:
                read.follow()
                await read.answering()
                yield Servers(pair, read)
            finally:
                read.end()
