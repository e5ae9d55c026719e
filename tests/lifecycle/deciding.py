"""A service whose readers decide, and what they say to it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Self

import asyncpg
import httpx

from service.kernel.timestamps import utc_now
from service.keyring.sealing import SealingKeys
from service.lifecycle.expiry import EXPIRY_LOCK
from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys
from service.postgres.orm import orm
from service.producers import keys
from service.readers.scope import APPROVE, Scope
from tests.postgres.database_url import with_options
from tests.readers.known import add
from tests.reading.reader import LIMITS
from tests.running.application import JSON, SIGNALS, present, serving
from tests.running.postgres import Database

PATIENT = replace(LIMITS, lock_seconds=25, statement_seconds=28, command_seconds=29)
"""For tests in which somebody waits for a lock, on a machine that does much else."""

FEED = "/api/v1/feed"
NEW, QUEUED, CLOSED = 0, 1, 2

BY_HAND = """
WITH changed AS (
    UPDATE signals SET status = 1, state_version = 1 WHERE id = $1 RETURNING id, instrument, producer_id, updated_at
)
INSERT INTO transitions (id, signal_id, instrument, producer_id, from_status, to_status, state_version, at)
SELECT $2, id, instrument, producer_id, 0, 1, 1, updated_at FROM changed
"""
"""Queue a signal past the service."""


class Desk:
    """Readers of a service, by name, and what they ask for."""

    def __init__(self, client: httpx.AsyncClient, tokens: Mapping[str, str]) -> None:
        self.client = client
        self.secret = ""
        self._tokens = tokens

    def by_way_of(self, client: httpx.AsyncClient) -> Self:
        """The same readers at another process."""
        return type(self)(client, self._tokens)

    def bearing(self, name: str) -> dict[str, str]:
        """The header with the token of a reader."""
        return {"Authorization": f"Bearer {self._tokens[name]}"}

    async def decide(
        self, signal: object, status: Any, reason: Any = None, *, by: str = "anna", if_match: str | None = None
    ) -> httpx.Response:
        """Ask for another state of a signal."""
        wanted = {"status": status} | ({} if reason is None else {"reason": reason})
        condition = {} if if_match is None else {"If-Match": if_match}
        return await self.client.post(
            f"{SIGNALS}/{signal}/status",
            content=json.dumps(wanted),
            headers={**JSON, **self.bearing(by), **condition},
        )

    async def signal(self, signal: object, *, by: str = "anna", **query: str) -> dict[str, Any]:
        """One signal as it is now."""
        answer = await self.client.get(f"{SIGNALS}/{signal}", headers=self.bearing(by), params=query)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    async def events(self, *, by: str = "anna", **query: Any) -> list[dict[str, Any]]:
        """All events of the feed, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.client.get(FEED, headers=self.bearing(by), params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["events"]
            query["after"] = page["cursor"]
            if not page["more"]:
                return found


@asynccontextmanager
async def nobody_closing(database: Database) -> AsyncIterator[None]:
    """No process closes what has expired: this does, for all that they know."""
    other = await asyncpg.connect(database.url)
    try:
        await other.execute("SELECT pg_advisory_lock($1)", EXPIRY_LOCK)
        yield
    finally:
        await other.close()


@asynccontextmanager
async def desk(database: Database, *, role: str | None = None, **settings: Any) -> AsyncIterator[Desk]:
    """A service with readers that may approve, `anna` and `bert`, the second one only gold; and one that may not,
    `carl`."""
    tokens = {
        "anna": await add(database, "anna", may=[APPROVE]),
        "bert": await add(database, "bert", Scope(("XAU*",)), may=[APPROVE]),
        "carl": await add(database, "carl"),
    }
    url = database.url if role is None else with_options(database.url, role=role)
    async with serving(url, **{"clock": utc_now, "limits": PATIENT, **settings}) as client:
        yield Desk(client, tokens)


@asynccontextmanager
async def signed_desk(database: Database) -> AsyncIterator[Desk]:
    """A service with a producer `bot` whose signals need approval, and whose key is the secret of the tests."""
    sealing_key = new_sealing_key()
    async with orm(database.url):
        made = await keys.add_producer("somebody", SealingKeys(parse_sealing_keys(sealing_key)), "bot", approval=True)
    assert made is not None
    async with desk(database, signing=True, clock=present, signals_sealing_keys=sealing_key) as at:
        at.secret = made.secret
        yield at
