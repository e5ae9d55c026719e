"""From the database into the keyring: what was changed, or everything."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.timestamps import Clock
from service.keyring.keyring import Key, Keyring, Registered
from service.keyring.sealing import CannotOpen, SealingKeys, UnknownSealingKey
from service.notation.duplicates import Duplicates
from service.notation.rate import Rate
from service.postgres.pool import Pool

_NUMBERS = "SELECT version, reload FROM keyring_changes"

_ALL = "SELECT name, enabled, rate, duplicates, approval FROM producers WHERE name > $1 ORDER BY name LIMIT $2"

_CHANGED = """
SELECT name, enabled, rate, duplicates, approval FROM producers WHERE name > $1 AND name IN (
    SELECT name FROM producers WHERE change > $3 UNION SELECT producer FROM producer_keys WHERE change > $3
) ORDER BY name LIMIT $2
"""

_WITH_KEYS = """
SELECT name, enabled, rate, duplicates, approval, id, sealed, ends_at FROM ({}) AS page LEFT JOIN producer_keys
    ON producer = name AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > now() - interval '1 day')
ORDER BY name, id
"""
"""Producers with all their keys. One that ended a day ago proves nothing any more, however far the clocks are apart."""

Row = Mapping[str, Any]

_SHUT = "Keys do not open under SIGNALS_SEALING_KEYS"
_SOON = timedelta(days=1)
_EVERYTHING = -1
_TOLD_MAX = 20


@dataclass(frozen=True, slots=True)
class _Found:
    """Producers as they were read, and the ids of their keys that do not open."""

    producers: dict[str, Registered] = field(default_factory=dict)
    shut: dict[str, set[str]] = field(default_factory=dict)


class KeyringReader:
    """Keeps a keyring as the database has it. `read` is to be used by one task, `compare` may run meanwhile."""

    name = "keyring"
    unreadable = "Keys of producers cannot be read"

    def __init__(self, pool: Pool, keyring: Keyring, sealing: SealingKeys, limits: Limits, clock: Clock) -> None:
        self._pool = pool
        self._keyring = keyring
        self._sealing = sealing
        self._page = limits.keyring_page
        self._clock = clock
        self._version = _EVERYTHING
        self._shut: dict[str, set[str]] = {}

    async def read(self) -> None:
        """Learn what was changed since the last time; everything, where a change cannot be told by what is left."""
        version, reload = await self._numbers()
        if version != self._version:
            whole = version < self._version or reload > self._version
            found = await self._find(_EVERYTHING if whole else self._version)
            if not whole:
                kept = {name: ids for name, ids in self._shut.items() if name not in found.producers}
                found = _Found({**self._keyring.producers, **found.producers}, {**kept, **found.shut})
            self._know(found)
            # What was changed while it was read has a later number, and is read again the next time.
            self._version = version
        metrics.keyring_read.set_to_current_time()

    async def compare(self) -> None:
        """Read everything, and put right what is not as it was known although nobody has counted a change. Count the
        producers that will soon have no key."""
        if self._version == _EVERYTHING:
            return
        version = self._version
        found = await self._find(_EVERYTHING)
        unchanged = version == (await self._numbers())[0]
        differences = await self._differences(found.producers)
        if differences and unchanged and version == self._version:
            log.warning("Keyring differed from the database", producers=differences)
            metrics.keyring_differences.inc(differences)
            self._know(found)
        metrics.keyring_ending.set(await self._ending())

    def _know(self, found: _Found) -> None:
        self._keyring.fill(found.producers)
        self._tell(found.shut)
        metrics.keyring_producers.set(len(found.producers))

    async def _numbers(self) -> tuple[int, int]:
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_NUMBERS)
        return row["version"], row["reload"]

    async def _find(self, since: int) -> _Found:
        """Read the producers that were changed after that number."""
        found = _Found()
        async for name, rows in self._changed(since):
            before = self._keyring.producers.get(name)
            keys = tuple(self._key(row, before) for row in rows if row["id"] is not None)
            rate = rows[0]["rate"] and Rate.parse(rows[0]["rate"])
            now = Registered(rows[0]["enabled"], keys, rate, rows[0]["duplicates"], rows[0]["approval"])
            found.producers[name] = before if before == now else now
            if shut := {str(key.id) for key in keys if not key.opens}:
                found.shut[name] = shut
        return found

    async def _changed(self, since: int) -> AsyncIterator[tuple[str, list[Row]]]:
        page_of = _WITH_KEYS.format(_ALL if since == _EVERYTHING else _CHANGED)
        after = [] if since == _EVERYTHING else [since]
        last, more = "", True
        while more:
            async with self._pool.connection() as connection:
                rows = await connection.fetch(page_of, last, self._page, *after)
            page = [(name, list(rows)) for name, rows in groupby(rows, itemgetter("name"))]
            for name, of_producer in page:
                yield name, of_producer
            more = len(page) == self._page
            last = page[-1][0] if page else last

    def _key(self, row: Row, before: Registered | None) -> Key:
        id, producer = row["id"], row["name"]
        try:
            secret = self._sealing.open(row["sealed"], key_id=id, producer=producer)
        except UnknownSealingKey:
            # Resealed with a key that comes here with the next start: it is the same secret as before.
            return Key(id, producer, _secret(before, id), row["ends_at"], opens=False)
        except CannotOpen:
            return Key(id, producer, None, row["ends_at"], opens=False)
        return Key(id, producer, secret, row["ends_at"])

    async def _differences(self, found: Mapping[str, Registered]) -> int:
        """How many producers prove different things than it was known, or are treated otherwise. That a key ended needs
        no change."""
        known, now, differences = self._keyring.producers, self._clock(), 0
        for number, name in enumerate(known.keys() | found.keys()):
            if number % self._page == 0:
                await asyncio.sleep(0)
            differences += _proves(known.get(name), now) != _proves(found.get(name), now)
        return differences

    async def _ending(self) -> int:
        """How many producers have no key in use that lasts for longer than `_SOON`."""
        now, ending = self._clock(), 0
        for number, producer in enumerate(self._keyring.producers.values()):
            if number % self._page == 0:
                await asyncio.sleep(0)
            ends = [key.ends_at for key in producer.keys if producer.enabled and not key.has_ended(now)]
            ending += bool(ends) and all(end is not None and end - now < _SOON for end in ends)
        return ending

    def _tell(self, shut: dict[str, set[str]]) -> None:
        """Name the keys that do not open, each once."""
        known = set().union(*self._shut.values())
        new = {name: ids - known for name, ids in shut.items() if ids - known}
        if new:
            ids = sorted(set().union(*new.values()))
            log.error(_SHUT, keys=len(ids), producers=len(new), key_ids=ids[:_TOLD_MAX])
        self._shut = shut
        metrics.keyring_shut.set(sum(map(len, shut.values())))


def _proves(
    producer: Registered | None, now: datetime
) -> tuple[Rate | None, Duplicates | None, bool, list[Key]] | None:
    if producer is None or not producer.enabled:
        return None
    keys = [key for key in producer.keys if not key.has_ended(now)]
    return producer.rate, producer.duplicates, producer.approval, keys


def _secret(before: Registered | None, id: UUID) -> bytes | None:
    return next((key.secret for key in before.keys if key.id == id), None) if before else None
