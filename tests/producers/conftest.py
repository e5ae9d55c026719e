"""The registry of a database."""

import os
from collections.abc import AsyncIterator

import pytest

from service.keyring.sealing import SealingKeys
from service.postgres.orm import orm
from tests.running.postgres import Database

SEALING_KEY = os.urandom(32)


@pytest.fixture
def sealing() -> SealingKeys:
    """What seals in these tests."""
    return SealingKeys([SEALING_KEY])


@pytest.fixture
async def registry(database: Database) -> AsyncIterator[Database]:
    """A database whose models work in the task of the test."""
    async with orm(database.url):
        yield database
