"""Who is forgotten still stands in archives, and the operator is told in which."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from service.archive.archiving import Archiving
from service.archive.errors import CannotWrite, Differs, NotOurs
from service.archive.folder import SIGNALS, TRANSITIONS
from service.archive.restoring import restore
from service.archive.retention import Retention
from service.erasure.forgetting import forget
from service.erasure.transitions import ARCHIVE_LOCK
from service.months.making import make
from service.months.turn import alone
from tests.postgres.migrating import run_migrations
from tests.running.months import AGE, Months
from tests.running.spoiling import Spoiling

pytestmark = pytest.mark.anyio

NAME = "my-bot"

FOLDERS = "16_20261127100000_archive_folders.py"


async def at_once() -> None:
    """Nobody has to learn of it."""


async def told(connection: asyncpg.Connection, name: str = NAME) -> tuple[list[str], list[str]]:
    """The archives in which a producer still stands, and those in which it may."""
    forgotten = await forget(connection, name, at_once)
    return forgotten.archives, forgotten.perhaps


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Where archives go too."""
    return tmp_path / "other"


@pytest.fixture
def month(months: Months, folder: Path) -> Path:
    """The folder of the oldest month."""
    return folder / str(months.oldest)


async def test_each_folder_is_told_that_a_month_was_moved_to(
    months: Months, connection: asyncpg.Connection, month: Path, other: Path
) -> None:
    """Red when only the last one is known."""
    months.store(producer_id=NAME)
    await Archiving(connection, month.parent).run(AGE)
    await restore(connection, month)
    await Archiving(connection, other).run(AGE, again=True)
    assert await told(connection) == ([str(month), str(other / month.name)], [])


async def test_a_folder_is_told_that_a_month_was_put_back_from(
    months: Months, connection: asyncpg.Connection, month: Path, other: Path
) -> None:
    """A copy of another one, whatever was erased when it was put back."""
    months.store(producer_id=NAME)
    months.close(months.store(), reason="as somebody did")
    await Archiving(connection, month.parent).run(AGE)
    for name in (NAME, "somebody"):
        months.database.execute("INSERT INTO producers (name) VALUES ($1)", name)
        await forget(connection, name, at_once)
    shutil.copytree(month.parent, other)
    await restore(connection, other / month.name)
    both = [str(month), str(other / month.name)]
    assert await told(connection) == (both, [])
    assert await told(connection, "somebody") == ([], both)


async def test_a_folder_is_not_told_that_was_written_anew_without_the_producer(
    months: Months, connection: asyncpg.Connection, month: Path
) -> None:
    months.store(producer_id=NAME)
    months.close(months.store(), reason=f"as {NAME} did")
    await Archiving(connection, month.parent).run(AGE)
    assert await told(connection) == ([str(month)], [])
    await restore(connection, month)
    await Archiving(connection, month.parent).run(AGE, again=True)
    assert await told(connection) == ([], [])


async def test_a_folder_is_told_whose_month_was_not_dropped_after_all(
    months: Months, connection: asyncpg.Connection, month: Path, other: Path
) -> None:
    months.close(months.store(producer_id=NAME))
    spoiling = Spoiling(months.oldest, lambda: (month / SIGNALS).write_bytes(bytes(100)))
    with pytest.raises(Differs):
        await Archiving(connection, month.parent, spoiling).run(AGE)
    await Archiving(connection, other).run(AGE)
    assert await told(connection) == ([str(month), str(other / month.name)], [])


async def break_off(connection: asyncpg.Connection, month: Path) -> None:
    """Archive again, and fail when the signals of a month are written."""
    obstacle = month / f"{TRANSITIONS}.new"
    obstacle.mkdir(parents=True)
    with pytest.raises(CannotWrite):
        await Archiving(connection, month.parent).run(AGE, again=True)
    obstacle.rmdir()


async def test_a_folder_may_hold_it_that_was_not_written_to_the_end(
    months: Months, connection: asyncpg.Connection, month: Path, other: Path
) -> None:
    """Nobody knows how far that came, until it is written again to the end."""
    months.database.execute("INSERT INTO producers (name) VALUES ('nobody')")
    months.store(producer_id=NAME)
    await break_off(connection, month)
    await Archiving(connection, other).run(AGE)
    assert await told(connection) == ([str(other / month.name)], [str(month)])
    await restore(connection, other / month.name)
    await Archiving(connection, month.parent).run(AGE, again=True)
    assert await told(connection, "nobody") == ([], [])
    await restore(connection, month)
    await break_off(connection, month)
    assert await told(connection, "nobody") == ([], [str(month)])


async def test_a_folder_is_not_told_that_holds_the_archive_of_another_database(
    months: Months, connection: asyncpg.Connection, month: Path
) -> None:
    """It is left as it is."""
    months.store(producer_id=NAME)
    await Archiving(connection, month.parent).run(AGE)
    months.database.execute("DELETE FROM archives; DELETE FROM archive_folders")
    await make(connection, months.oldest)
    months.store(producer_id=NAME)
    with pytest.raises(NotOurs):
        await Archiving(connection, month.parent).run(AGE)
    assert await told(connection) == ([], [])


async def test_the_folder_of_a_service_is_told_by_its_whole_path(
    months: Months, month: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    months.store(producer_id=NAME)
    monkeypatch.chdir(month.parents[1])
    await Retention(months.database.url, AGE.days, Path(month.parent.name)).look()
    async with alone(months.database.url, ARCHIVE_LOCK) as connection:
        assert connection is not None
        assert await told(connection) == ([str(month)], [])


@pytest.mark.parametrize(
    "naming",
    [
        lambda months: months.close(months.store(), reason=f"(as '{NAME}, but late"),
        lambda months: months.close(months.store(), by=NAME),
    ],
    ids=["in a reason", "as who has decided"],
)
async def test_a_month_may_hold_it_in_which_it_has_sent_nothing(
    months: Months, connection: asyncpg.Connection, month: Path, naming: Callable[[Months], None]
) -> None:
    """Red when only the producers of its signals are known."""
    naming(months)
    months.close(months.store(months.oldest.later(1)), reason=f"as {NAME}2 did")
    await Archiving(connection, month.parent).run(AGE)
    for name in (NAME, "another"):
        months.store(months.present, producer_id=name)
    assert await told(connection) == ([], [str(month)])
    assert await told(connection, "another") == ([], [])


async def test_what_was_known_before_of_the_last_folders_is_known_again(
    months: Months, connection: asyncpg.Connection, month: Path, other: Path
) -> None:
    """And back. Of reasons nothing was known: they may name anybody, where there are any."""
    months.close(months.store(producer_id=NAME), reason="done")
    months.store(months.oldest.later(1), producer_id=NAME)
    await Archiving(connection, other).run(AGE)
    await restore(connection, other / month.name)
    await Archiving(connection, month.parent).run(AGE, again=True)
    await restore(connection, month)
    await break_off(connection, other.with_name("third") / month.name)
    while await asyncio.to_thread(run_migrations, months.database.url, down=True) != [FOLDERS]:
        pass
    before = "SELECT folder FROM archives WHERE sha256(convert_to($1, 'UTF8')) = ANY(producers) ORDER BY month"
    last = [str(month), str(other / str(months.oldest.later(1)))]
    assert [row["folder"] for row in months.database.fetch(before, NAME)] == last
    await asyncio.to_thread(run_migrations, months.database.url)
    assert await told(connection) == (last, [])
    months.store(months.present, producer_id="another")
    assert await told(connection, "another") == ([], [str(month)])
