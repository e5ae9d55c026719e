"""Readers that are registered in the database of a test, and processes that know them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

from service.following.follower import Follower
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks
from service.kernel.timestamps import Clock, utc_now
from service.postgres.orm import orm
from service.postgres.pool import Pool
from service.readers import registry
from service.readers.loader import ReadersLoader
from service.readers.readers import Readers
from service.readers.scope import Reader, Scope
from service.readers.tokens import sha256
from tests.running import confidential
from tests.running.postgres import Database

BY = "somebody"
LIMITS = Limits()


async def add(
    database: Database,
    name: str = "alpha",
    scope: Scope = Scope(),  # noqa: B008  # frozen
    may: Sequence[str] = (),
) -> str:
    """Make a reader; returns its token."""
    async with orm(database.url):
        return _noted((await registry.add(BY, name, scope, may)).token)


async def rotate(database: Database, within: timedelta, name: str = "alpha") -> str:
    """Make another token for a reader; returns that."""
    async with orm(database.url):
        return _noted((await registry.rotate(BY, name, within)).token)


async def revoke(database: Database, name: str = "alpha") -> None:
    """End a reader."""
    async with orm(database.url):
        await registry.revoke(BY, name)


def _noted(token: str | None) -> str:
    assert token is not None
    confidential.note_token(token)
    return token


def who(readers: Readers, token: str) -> Reader | None:
    """Whose token that is, for all that is known."""
    return readers.find(sha256(token.encode()))


@asynccontextmanager
async def knowing(
    url: str, limits: Limits = LIMITS, *, told_by: str | None = None, clock: Clock = utc_now
) -> AsyncIterator[Readers]:
    """Who a process knows that looks into the database at `url`, and is told of changes over the address `told_by`."""
    readers = Readers(clock)
    async with Pool(url, limits, size=2) as pool, Pool(told_by or url, limits, size=1) as listened:
        follower = Follower([ReadersLoader(pool, readers, limits)], listened.dedicated, limits)
        async with Tasks(**follower.work):
            await follower.first_look()
            yield readers
