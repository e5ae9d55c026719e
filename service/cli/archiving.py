"""`signals archive`, `signals restore` and `signals forget`."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import SpinnerColumn, TextColumn

from service.cli.administration import (
    LEARNING_SECONDS,
    AsJson,
    Name,
    administer_at,
    duration,
    operator,
    print_json,
    tell,
)
from service.cli.progress import progress_bar

if TYPE_CHECKING:
    import asyncpg

    from service.archive.archiving import Archived, Progress
    from service.keyring.sealing import SealingKeys

T = TypeVar("T")


def archive(
    older_than: Annotated[
        timedelta,
        typer.Option("--older-than", parser=duration, metavar="TIME", help="How old a whole month must be, like 90d."),
    ],
    to: Annotated[Path, typer.Option(metavar="FOLDER", file_okay=False, help="Where the months go, each in a folder.")],
    as_json: AsJson = False,
) -> None:
    """Move whole months that are old enough out of the database into files, also those that were put back.

    What is younger than 31 days stays, since signals may still expire. Broken off anywhere, nothing is lost, and the
    same command goes on.

    Example: `signals archive --older-than 90d --to /srv/signals`
    """
    from service.archive.archiving import Archiving

    async def work(connection: "asyncpg.Connection", progress: "Progress") -> "list[Archived]":
        archiving = Archiving(connection, to.resolve(), progress)
        found = await archiving.run(older_than, again=True)
        for table in archiving.left:
            tell(f"Left: {table}, of which signals have expired and are not closed yet")
        return found

    _show(_alone(work), "archived", as_json=as_json)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER/MONTH", help="The folder of a month.")],
    as_json: AsJson = False,
) -> None:
    """Put a month back into the database, as it was. It stays closed, and the daily run leaves it there.

    Example: `signals restore /srv/signals/2026-05`
    """
    from service.archive import restoring

    async def work(connection: "asyncpg.Connection", progress: "Progress") -> "list[Archived]":
        month = await restoring.restore(connection, folder.resolve(), progress)
        return [] if month is None else [month]

    _show(_alone(work), "restored", as_json=as_json)


def forget(name: Name, as_json: AsJson = False) -> None:
    """Erase the payloads and the name of a producer for good, and end its keys. Ids, instruments and times stay.

    What lies in archives is erased when it is put back; the command says which still have it, and which may name it.

    Example: `signals forget my-bot`
    """
    from service.erasure import forgetting
    from service.postgres import audit

    async def work(connection: "asyncpg.Connection", _: "Progress") -> forgetting.Forgotten:
        forgotten = await forgetting.forget(connection, name, partial(asyncio.sleep, LEARNING_SECONDS))
        await audit.record(operator(), "forget", signals=forgotten.signals)
        return forgotten

    forgotten = _alone(work)
    if as_json:
        print_json({"producer": name, **asdict(forgotten)})
        return
    print(f"{name} is forgotten: {forgotten.signals} signals.")
    for folder in forgotten.archives:
        print(f"It still stands in {folder}")
    for folder in forgotten.perhaps:
        print(f"It may be named in {folder}")
    tell("It may still stand in the logs of the service and of the database, and in backups.")


def _alone(work: "Callable[[asyncpg.Connection, Progress], Awaitable[T]]") -> T:
    from service.erasure.errors import AtWork
    from service.erasure.transitions import ARCHIVE_LOCK
    from service.months.turn import alone

    async def run(url: str, _: "SealingKeys") -> T:
        async with alone(url, ARCHIVE_LOCK) as connection:
            if connection is None:
                raise AtWork
            with _bar() as progress:
                return await work(connection, progress)

    return administer_at(run, changes=False)


@contextmanager
def _bar() -> Iterator["Progress"]:
    """How many lines there will be nobody knows, but that they come is shown."""
    columns = SpinnerColumn(), TextColumn("{task.description}: {task.completed} lines")
    with progress_bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        current = ""

        def advance(what: str, lines: int) -> None:
            nonlocal current
            if what != current:
                current = what
                bar.reset(task, description=what, total=None)
            bar.advance(task, lines)

        yield advance


def _show(months: "list[Archived]", what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"months": [asdict(month) for month in months]})
        return
    for month in months:
        print(f"{what}: {month.month}, {month.signals} signals, {month.file}")
    if not months:
        print("nothing to do")
