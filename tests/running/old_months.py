"""Fixtures for tests of old months: a database that has some, who archives them, and where to."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from service.erasure.transitions import ARCHIVE_LOCK
from service.months.turn import alone
from tests.running.months import Months, with_months
from tests.running.postgres import Database


@pytest.fixture
async def months(database: Database) -> Months:
    """The months of a database, the oldest of which ended half a year ago."""
    return await with_months(database)


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The session of who archives."""
    async with alone(database.url, ARCHIVE_LOCK) as connection:
        assert connection is not None
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where archives go."""
    return tmp_path / "archive"
