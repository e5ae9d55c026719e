"""Producers that are registered in the database of a test, and a keyring that follows it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from service.kernel.limits import Limits
from service.kernel.timestamps import Clock, utc_now
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.postgres.orm import orm
from service.postgres.pool import Pool
from service.producers import keys
from service.producers.keys import NewKey
from service.proof.signing import RESENT_FOR
from tests.running.postgres import Database

SEALING_KEY = os.urandom(32)
SEALING = SealingKeys([SEALING_KEY])
SHARED = b"the-secret-that-all-share"


async def register(database: Database, *names: str) -> list[NewKey]:
    """Register producers; returns their first keys."""
    async with orm(database.url):
        made = [await keys.add_producer("tests", SEALING, name) for name in names]
    return [key for key in made if key is not None]


def register_many(database: Database, count: int) -> None:
    """Register producers `p0`, `p1`, ... with statements that touch many rows."""
    database.execute("INSERT INTO producers (name) SELECT 'p' || n FROM generate_series(0, $1::int - 1) AS n", count)
    ids = database.fetch("SELECT name, gen_random_uuid() AS id FROM producers WHERE name LIKE 'p%'")
    sealed = [SEALING.seal(row["name"].encode(), key_id=row["id"], producer=row["name"]) for row in ids]
    database.execute(
        "INSERT INTO producer_keys (id, producer, sealed) SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[])",
        [row["id"] for row in ids],
        [row["name"] for row in ids],
        sealed,
    )


@dataclass(frozen=True)
class Reading:
    """A keyring and what reads it."""

    keyring: Keyring
    reader: KeyringReader

    def secrets(self, name: str, now: datetime | None = None) -> list[str]:
        """The secrets with which a producer may sign."""
        return [(key.secret or b"").decode() for key in self.keyring.find(name, now or utc_now())]


@asynccontextmanager
async def reading(
    url: str, *, sealing: SealingKeys = SEALING, limits: Limits | None = None, clock: Clock = utc_now
) -> AsyncIterator[Reading]:
    """A keyring that is read when the test says so."""
    limits = limits or Limits()
    async with Pool(url, limits, size=2) as pool:
        keyring = Keyring(SHARED, RESENT_FOR)
        yield Reading(keyring, KeyringReader(pool, keyring, sealing, limits, clock))
