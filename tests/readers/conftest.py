"""The readers of a database."""

from collections.abc import AsyncIterator

import pytest

from service.postgres.orm import orm
from tests.running.postgres import Database


@pytest.fixture
async def registry(database: Database) -> AsyncIterator[Database]:
    """A database whose models work in the task of the test."""
    async with orm(database.url):
        yield database
