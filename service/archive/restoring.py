"""A month is put back as it was, in commits that nobody waits for, and seen when all of it is there."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

import asyncpg

from service.archive import files, statement
from service.archive.archiving import Archived, Progress, compare, nobody
from service.archive.errors import MonthIsThere, OpenThere, TooManyThere
from service.archive.folder import SIGNALS, TRANSITIONS, Manifest
from service.erasure.erasures import Erasures
from service.erasure.mentions import Mentions
from service.months.making import TooMany, attach, create, exclude, included_again
from service.months.month import Month
from service.months.partitions import holding, partitions
from service.months.turn import NOT_NOW, soon


async def restore(connection: asyncpg.Connection, folder: Path, progress: Progress = nobody) -> Archived | None:
    """Put back the month of a folder, while nobody else archives, restores or forgets; None when it is back already.
    It stays closed. Interrupted anywhere nobody sees anything of it, and it can be run again.

    Raises NoArchive, MonthIsThere, Differs, TooManyThere and OpenThere.
    """
    manifest = await asyncio.to_thread(Manifest.read, folder)
    month = Month.parse(manifest.month)
    if holding(await partitions(connection), month) is not None:
        if not await statement.is_restored(connection, month):
            raise MonthIsThere(month)
        return None
    erasures = await Erasures.read(connection)
    await soon(connection, partial(_begin, connection, month))
    mentions = await _fill(connection, folder, month, erasures, progress)
    stored, became = statement.signals(connection, month.table, month), statement.transitions(connection, month)
    await compare(folder / SIGNALS, stored, progress, erasures.signal)
    await compare(folder / TRANSITIONS, became, progress, erasures.change)
    await statement.know(connection, month)
    try:
        async with included_again(connection, month):
            with suppress(*NOT_NOW):  # it only spares time
                await exclude(connection, month)
            await soon(connection, partial(_show, connection, manifest, folder, mentions))
    except (TooMany, asyncpg.QueryCanceledError):
        raise TooManyThere(month) from None
    except statement.StillOpen:  # nobody could close them in a closed month
        raise OpenThere(month) from None
    return Archived(manifest.month, manifest.signals.lines, str(folder / SIGNALS), manifest.signals.sha256)


async def _begin(connection: asyncpg.Connection, month: Month) -> None:
    """What an attempt that was broken off has left behind goes first."""
    await connection.execute(f"DROP TABLE IF EXISTS {month.table}")
    await create(connection, month)


async def _fill(
    connection: asyncpg.Connection, folder: Path, month: Month, erasures: Erasures, progress: Progress
) -> Mentions:
    """What became of the signals is there before they are, at places from which nobody reads any more. Some of it never
    left. Returns whom the folder may name, whatever was erased on the way."""
    mentions = Mentions()

    def change(line: str) -> str:
        mentions.add([line])
        return erasures.change(line)

    for name, put, kept in (
        (SIGNALS, partial(statement.put_signals, connection, month.table), erasures.signal),
        (TRANSITIONS, partial(statement.put_transitions, connection), change),
    ):
        lines = map(kept, files.read(folder / name))
        while some := await asyncio.to_thread(chunk, lines):
            await put(some)
            progress(f"restoring {month}", len(some))
    return mentions


def chunk(lines: Iterator[str]) -> list[str]:
    """The next lines, as many as are moved at once."""
    found: list[str] = []
    size = 0
    for line in islice(lines, statement.ROWS):
        found.append(line)
        size += len(line)
        if size >= statement.BYTES:
            break
    return found


async def _show(connection: asyncpg.Connection, manifest: Manifest, folder: Path, mentions: Mentions) -> None:
    month = Month.parse(manifest.month)
    await attach(connection, month)
    await statement.close(connection, month.table)
    await statement.archived(connection, manifest)
    await statement.written(connection, manifest, folder, mentions)
    await statement.restored(connection, month)
