"""A month is closed, written, compared with what was written, and only then dropped."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import asyncpg

from service.archive import extent, files, statement
from service.archive.errors import Differs, HoldsMore, NotOurs
from service.archive.folder import SIGNALS, TRANSITIONS, Manifest, Part
from service.erasure import transitions
from service.erasure.mentions import Mentions
from service.erasure.portions import Portions
from service.months.month import Month
from service.months.partitions import Partition, partitions
from service.months.turn import soon

OLDEST_OPEN = timedelta(days=31)
"""What is younger is not archived: a signal may expire up to 30 days after it was stored, and is closed then."""

Progress = Callable[[str, int], None]
"""Is told what is being done, and how many more lines of it are done."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A month that lies in files: how many signals, in which file, and the SHA-256 of that."""

    month: str
    signals: int
    file: str
    sha256: str


def nobody(_: str, __: int) -> None:
    """Nobody looks on."""


class Archiving:
    """Archives into a folder, while nobody else archives, restores or forgets. Interrupted anywhere it leaves all as it
    was, but for months that are closed, and goes on when it is run again."""

    def __init__(self, connection: asyncpg.Connection, folder: Path, progress: Progress = nobody) -> None:
        self.left: list[str] = []
        """Tables that were left although they are old enough: of some signals it is not settled yet that they have
        expired."""
        self._connection = connection
        self._folder = folder
        self._progress = progress

    async def run(self, age: timedelta, *, again: bool = False) -> list[Archived]:
        """Archive each whole month that is so old, `again` also those that were put back.

        Raises Differs, NotOurs, HoldsMore and CannotWrite.
        """
        age = max(age, OLDEST_OPEN)
        await self._let_go()
        found: list[Archived] = []
        for part in await partitions(self._connection):
            if await self._is_due(part, age, again=again):
                found += await self._archive(part, age)
        return found

    async def _is_due(self, part: Partition, age: timedelta, *, again: bool) -> bool:
        if not again and await statement.is_restored(self._connection, Month.of_id(part.lower)):
            return False
        return await extent.is_old(self._connection, part, age)

    async def _archive(self, part: Partition, age: timedelta) -> list[Archived]:
        try:
            await soon(self._connection, partial(statement.close, self._connection, part.name))
        except statement.StillOpen:
            self.left.append(part.name)
            return []
        if not await extent.is_old(self._connection, part, age):  # since it was looked at
            await soon(self._connection, partial(statement.reopen, self._connection, part.name))
            return []
        months = await extent.months_of(self._connection, part)
        for month in months:
            await statement.know(self._connection, month)
        manifests = [await self._write(part.name, month) for month in months]
        for month in months:
            folder = self._folder / str(month)
            await compare(folder / SIGNALS, statement.signals(self._connection, part.name, month), self._progress)
            await compare(folder / TRANSITIONS, statement.transitions(self._connection, month), self._progress)
        await soon(self._connection, partial(self._drop, part, manifests))
        await self._let_go()
        return [self._told(manifest) for manifest in manifests]

    async def _write(self, table: str, month: Month) -> Manifest:
        folder = self._folder / str(month)
        await asyncio.to_thread(files.make_folder, folder)
        await self._check_ours(table, month, folder)
        await statement.writing(self._connection, month, folder)
        mentions = Mentions()
        became = _heard(statement.transitions(self._connection, month), mentions)
        parts = [
            await self._write_part(folder / SIGNALS, statement.signals(self._connection, table, month)),
            await self._write_part(folder / TRANSITIONS, became),
        ]
        manifest = await extent.described(self._connection, table, month, *parts)
        await asyncio.to_thread(manifest.write, folder)
        await statement.written(self._connection, manifest, folder, mentions)
        return manifest

    async def _check_ours(self, table: str, month: Month, folder: Path) -> None:
        """What lies there is of an attempt that was broken off, or of the same month before it was put back: it has the
        same first signal, whose id nobody else has, and nothing that is not here."""
        first = await extent.first_id(self._connection, table, month)
        there = await asyncio.to_thread(Manifest.found_in, folder)
        if there is None or there.first_id is None:
            return
        if there.first_id != str(first):
            raise NotOurs(folder)
        if await extent.holds_more(self._connection, table, month, there):
            raise HoldsMore(folder)

    async def _write_part(self, path: Path, chunks: AsyncIterator[list[str]]) -> Part:
        number = 0
        lines = files.Lines(path)
        async for chunk in chunks:
            await asyncio.to_thread(lines.add, chunk)
            number += len(chunk)
            self._progress(f"writing {path.parent.name}", len(chunk))
        await asyncio.to_thread(lines.finish)
        return Part(lines=number, sha256=await asyncio.to_thread(files.sha256, path))

    async def _drop(self, part: Partition, manifests: list[Manifest]) -> None:
        for manifest in manifests:
            await statement.archived(self._connection, manifest)
        await self._connection.execute(f"ALTER TABLE signals DETACH PARTITION {part.name}")
        await self._connection.execute(f"DROP TABLE {part.name}")

    async def _let_go(self) -> None:
        """What became of archived signals goes, as soon as nobody can be given it any more."""
        portions = Portions(self._connection)
        while ids := await statement.leaving(self._connection, portions.rows):
            await portions.done(len(ids), partial(transitions.change, self._connection, statement.LEAVE, ids))

    def _told(self, manifest: Manifest) -> Archived:
        file = self._folder / manifest.month / SIGNALS
        return Archived(manifest.month, manifest.signals.lines, str(file), manifest.signals.sha256)


async def _heard(chunks: AsyncIterator[list[str]], mentions: Mentions) -> AsyncIterator[list[str]]:
    """Lines of transitions on their way, of which it is kept whom they may name."""
    async for chunk in chunks:
        await asyncio.to_thread(mentions.add, chunk)
        yield chunk


async def compare(
    path: Path, chunks: AsyncIterator[list[str]], progress: Progress, kept: Callable[[str], str] = str
) -> None:
    """Raises Differs unless a file holds just these lines, but for what is not `kept` of its own."""
    lines = map(kept, files.read(path))
    try:
        async for chunk in chunks:
            if await asyncio.to_thread(take, lines, len(chunk)) != chunk:
                raise Differs(path)
            progress(f"comparing {path.parent.name}", len(chunk))
        if await asyncio.to_thread(take, lines, 1):
            raise Differs(path)
    except files.Damaged:
        raise Differs(path) from None


def take(lines: Iterator[str], number: int) -> list[str]:
    """The next lines, so many of them at most."""
    return list(islice(lines, number))
