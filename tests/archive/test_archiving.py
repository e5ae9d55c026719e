"""Months are written, compared and dropped, and come back as they were."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.typing import EventDict
from typer.testing import CliRunner, Result

from service.archive import files, statement
from service.archive.archiving import Archiving, Progress
from service.archive.errors import Differs, HoldsMore, MonthIsThere, NoArchive, NotOurs, OpenThere
from service.archive.folder import MANIFEST, SIGNALS, TRANSITIONS
from service.archive.restoring import chunk, restore
from service.cli import app
from service.erasure import transitions
from service.erasure.erasures import sha256_of
from service.erasure.transitions import ARCHIVE_LOCK
from service.kernel.timestamps import utc_now
from service.months.making import make
from service.months.partitions import FIRST, partitions
from service.months.turn import alone, soon
from tests.lifecycle.deciding import CLOSED, QUEUED, desk
from tests.postgres.rows import insert_signal
from tests.reading.reader import FEED, all_read, page
from tests.running.application import LIMITS, figure, present, serving, signing_headers
from tests.running.application import SIGNALS as ROUTE
from tests.running.months import AGE, Months, id_in
from tests.running.postgres import Database, Row
from tests.running.spoiling import Spoiling
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

OPEN: dict[str, Any] = {"app_env": "development", "signals_readers": "open"}

LARGE = """
INSERT INTO signals (id, instrument, side, time, payload, created_at)
SELECT ($1::text || substr(md5(n::text), 13))::uuid, 'XAUUSD', 0, $2::timestamptz,
    jsonb_build_object('text', repeat(md5(n::text), 4000)), $2 FROM generate_series(1, 60) AS n
"""
LOOKS = "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = $1"
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%TRIGGER signals_closed%'
"""


async def names(connection: asyncpg.Connection) -> set[str]:
    """The tables of signals."""
    return {part.name for part in await partitions(connection)}


async def test_a_month_goes_into_files_and_comes_back_as_it_was(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    odd: dict[str, Any] = {
        "payload": '{"price": 1950.5000, "text": "a\\nb\\u2028ä\\"", "big": 1e300}',
        "producer_id": "ä b\\c",
    }
    signals = [months.store(), months.store(**odd), months.store(payload=None, producer_id=None)]
    for signal in signals[:2]:
        months.close(signal)
    young = months.store(months.present)
    before = months.content()
    kept = months.database.fetch("SELECT tableoid::regclass::text AS table, * FROM signals ORDER BY id")

    told = await Archiving(connection, folder).run(AGE)
    assert told[0].month == str(months.oldest)
    assert (told[0].signals, told[0].sha256) == (3, files.sha256(Path(told[0].file)))
    assert months.oldest.table not in await names(connection)
    assert [row["id"] for row in months.content()["signals"]] == [young["id"]]
    lines = [json.loads(line) for line in files.read(folder / str(months.oldest) / SIGNALS)]
    assert [line["id"] for line in lines] == sorted(str(signal["id"]) for signal in signals)
    manifest = json.loads((folder / str(months.oldest) / MANIFEST).read_bytes())
    assert (manifest["signals"]["lines"], manifest["transitions"]["lines"]) == (3, 2)
    assert (manifest["first_id"], manifest["last_id"]) == (lines[0]["id"], lines[-1]["id"])
    places = [{"epoch": signal["epoch"], "xact": int(signal["xact"]), "id": str(signal["id"])} for signal in signals]
    assert (manifest["first_place"], manifest["last_place"]) == (places[0], places[-1])
    assert manifest["producers"] == sorted(sha256_of(name).hex() for name in ("alpha", "ä b\\c"))

    back = await restore(connection, folder / str(months.oldest))
    assert back is not None
    assert (back.month, back.sha256) == (told[0].month, told[0].sha256)
    assert months.content() == before
    assert months.database.fetch("SELECT tableoid::regclass::text AS table, * FROM signals ORDER BY id") == kept
    assert await restore(connection, folder / str(months.oldest)) is None


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
async def test_a_line_is_the_same_in_every_time_zone(
    database: Database, months: Months, folder: Path, zone: str
) -> None:
    signal = months.store()
    database.execute(f"ALTER DATABASE {database.value('SELECT current_database()')} SET TimeZone = '{zone}'")
    async with alone(database.url, 1) as connection:
        assert connection is not None
        await Archiving(connection, folder).run(AGE)
    [line] = files.read(folder / str(months.oldest) / SIGNALS)
    assert json.loads(line)["created_at"] == signal["created_at"].isoformat()


async def test_only_whole_months_that_are_old_enough_go(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Also by when their signals were stored: a clock may have been wrong when the id was made."""
    months.store(months.oldest.later(1), created_at=months.present.begins)
    told = [month.month for month in await Archiving(connection, folder).run(timedelta(0))]
    assert str(months.oldest) in told
    assert str(months.oldest.later(1)) not in told
    assert str(months.present) not in told
    assert months.present.later(-1).table in await names(connection)  # signals of it may still expire


async def test_a_month_with_signals_that_nobody_has_closed_yet_is_left(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.store(expires_at=months.oldest.begins + timedelta(days=5))
    archiving = Archiving(connection, folder)
    assert str(months.oldest) not in [month.month for month in await archiving.run(AGE)]
    assert archiving.left == [months.oldest.table]
    months.database.execute("UPDATE signals SET status = 2")  # it is not closed to changes
    assert str(months.oldest) in [month.month for month in await archiving.run(AGE)]


async def test_what_was_there_before_months_goes_as_one_file_a_month(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    early = [months.oldest.later(-2), months.oldest.later(-14)]
    for month in early:
        months.store(month)
    told = await Archiving(connection, folder).run(AGE)
    assert [month.month for month in told][:2] == sorted(map(str, early))
    assert FIRST not in await names(connection)
    assert await restore(connection, folder / str(early[0])) is not None
    assert early[0].table in await names(connection)
    assert months.database.value("SELECT count(*) FROM signals") == 1


async def test_what_was_put_back_stays_until_somebody_asks(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.store()
    [first, *_] = await Archiving(connection, folder).run(AGE)
    await restore(connection, folder / str(months.oldest))
    with pytest.raises(asyncpg.PostgresError, match="closed"):
        await connection.execute("UPDATE signals SET status = 1")
    assert await Archiving(connection, folder).run(AGE) == []
    assert await Archiving(connection, folder).run(AGE, again=True) == [first]


@pytest.mark.parametrize(
    "spoil", [lambda old: old[:-1], lambda _: bytes(100), lambda _: b""], ids=["short", "zeros", "empty"]
)
async def test_a_file_that_is_not_what_was_written_drops_nothing(
    months: Months, connection: asyncpg.Connection, folder: Path, spoil: Callable[[bytes], bytes]
) -> None:
    months.close(months.store())
    path = folder / str(months.oldest) / SIGNALS
    progress: Progress = Spoiling(months.oldest, lambda: path.write_bytes(spoil(path.read_bytes())))
    with pytest.raises(Differs):
        await Archiving(connection, folder, progress).run(AGE)
    assert months.oldest.table in await names(connection)
    assert str(months.oldest) in [month.month for month in await Archiving(connection, folder).run(AGE)]


@pytest.mark.parametrize("name", [SIGNALS, TRANSITIONS, MANIFEST])
async def test_an_archive_that_is_not_whole_is_none(
    months: Months, connection: asyncpg.Connection, folder: Path, name: str
) -> None:
    months.close(months.store())
    await Archiving(connection, folder).run(AGE)
    path = folder / str(months.oldest) / name
    content = path.read_bytes()
    for spoilt in (content[:-1] if name != MANIFEST else content[:-10], b""):
        path.write_bytes(spoilt)
        with pytest.raises(NoArchive):
            await restore(connection, path.parent)
    path.unlink()
    with pytest.raises(NoArchive, match="missing"):
        await restore(connection, path.parent)
    assert months.oldest.table not in await names(connection)


async def test_files_are_on_disk_before_they_have_their_names_and_these_before_the_month_goes(
    months: Months, connection: asyncpg.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    months.close(months.store())
    done: list[str] = []

    def fsync(descriptor: int, sync: Callable[[int], None] = os.fsync) -> None:
        done.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def replace(old: Path, new: Path, rename: Callable[[Path, Path], Path] = Path.replace) -> Path:
        done.append(f"name {new.name}")
        return rename(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    month = str(months.oldest)
    connection.add_query_logger(lambda query: done.append("drop") if "DETACH" in query.query else None)
    await Archiving(connection, folder).run(AGE)
    named = [[f"sync {name}.new", f"name {name}", f"sync {month}"] for name in (SIGNALS, TRANSITIONS, MANIFEST)]
    begun = done.index("sync archive")  # what was there before months goes first, without a file
    assert done[begun : done.index("drop", begun) + 1] == ["sync archive", *chain.from_iterable(named), "drop"]


async def forget_archives(months: Months, connection: asyncpg.Connection) -> None:
    """Have the database be as if nothing had been archived, and the oldest month be empty."""
    months.database.execute("DELETE FROM archives")
    await make(connection, months.oldest)


async def test_another_archive_of_the_month_is_not_overwritten(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.store()
    await Archiving(connection, folder).run(AGE)
    await forget_archives(months, connection)
    months.store()
    with pytest.raises(NotOurs):
        await Archiving(connection, folder).run(AGE)
    with pytest.raises(MonthIsThere):
        await restore(connection, folder / str(months.oldest))


@pytest.mark.parametrize("there", [(0, 1), (0, 2), (0, 1, 2)], ids=["the last", "another", "what became of it"])
async def test_the_archive_of_a_month_is_not_overwritten_by_an_older_copy(
    months: Months, connection: asyncpg.Connection, folder: Path, there: tuple[int, ...]
) -> None:
    """Of which something is missing."""
    ids = sorted(id_in(months.oldest) for _ in range(3))
    moment = months.oldest.begins
    signals = [insert_signal(months.database, id=id, created_at=moment) for id in ids[:1]]
    months.close(signals[0])
    for id in ids[1:]:
        insert_signal(months.database, id=id, created_at=moment)
    await Archiving(connection, folder).run(AGE)
    before = {path: path.read_bytes() for path in (folder / str(months.oldest)).iterdir()}
    await forget_archives(months, connection)
    for number in there:
        insert_signal(months.database, id=ids[number], created_at=moment)
    with pytest.raises(HoldsMore):
        await Archiving(connection, folder).run(AGE)
    assert {path: path.read_bytes() for path in (folder / str(months.oldest)).iterdir()} == before
    assert months.oldest.table in await names(connection)


async def test_signals_that_came_late_find_their_month_when_it_is_back(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.store()
    await Archiving(connection, folder).run(AGE)
    late = insert_signal(months.database, id=id_in(months.oldest))
    months.close(late)
    await restore(connection, folder / str(months.oldest))
    assert months.database.value("SELECT tableoid::regclass::text FROM signals WHERE id = $1", late["id"]) == (
        months.oldest.table
    )


async def test_a_month_is_not_put_back_over_signals_that_came_late_and_will_expire(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Nobody could close them in a closed month."""
    months.store()
    await Archiving(connection, folder).run(AGE)
    insert_signal(months.database, id=id_in(months.oldest), expires_at=utc_now() + timedelta(days=1))
    with pytest.raises(OpenThere):
        await restore(connection, folder / str(months.oldest))
    months.database.execute("UPDATE signals SET status = 2")
    assert await restore(connection, folder / str(months.oldest)) is not None


async def test_what_became_of_signals_is_compared_too(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Some of it never left, so it is not put there again."""
    months.close(months.store())
    await Archiving(connection, folder).run(AGE)
    async with connection.transaction():
        await transitions.change(connection, "UPDATE transitions SET reason = 'another'")
    with pytest.raises(Differs, match=TRANSITIONS):
        await restore(connection, folder / str(months.oldest))
    assert months.oldest.table not in await names(connection)


async def test_what_is_moved_at_once_is_bounded_however_large_it_is(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    begin = months.oldest.lower.hex[:12]
    months.database.execute(LARGE, begin, months.oldest.begins)
    before = months.content()
    table = months.oldest.table
    read = [lines async for lines in statement.signals(connection, table, months.oldest)]
    await Archiving(connection, folder).run(AGE)
    lines = files.read(folder / str(months.oldest) / SIGNALS)
    put = list(iter(partial(chunk, lines), []))
    for chunks in (read, put):
        assert [len(lines) for lines in chunks] != [60]
        assert sum(len(lines) for lines in chunks) == 60
        assert max(sum(map(len, lines)) for lines in chunks) < 2 * statement.BYTES
    await restore(connection, folder / str(months.oldest))
    assert months.content() == before


@pytest.mark.parametrize("first", [False, True], ids=["of its month", "of all before"])
async def test_nobody_waits_while_all_of_a_month_is_looked_at(
    months: Months, connection: asyncpg.Connection, *, first: bool
) -> None:
    """An index has what is open, in each table of signals."""
    table = FIRST if first else months.oldest.table
    months.store(months.oldest.later(-1 if first else 0))
    async with connection.transaction():
        await statement.close(connection, table)
        looks = await connection.fetchrow(LOOKS, table)
    assert tuple(looks) == (0, 1)


# What somebody had to approve


async def test_who_has_not_read_up_to_an_approval_is_told_that_the_signal_is_archived(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Red when only the place at which a signal was stored counts: it would be left out, and nobody would know."""
    waiting, _ = months.store(approval="required"), months.store()
    async with serving(months.database.url, **OPEN) as client:
        await all_read(client, 1)
        before = (await page(client))["cursor"]
        approval = months.approve(waiting, months.oldest.later(1).begins)
        assert await all_read(client, 1, after=before) == [str(waiting["id"])]
        after = (await page(client, after=before))["cursor"]
        await Archiving(connection, folder).run(AGE)
        expired = await client.get(FEED, params={"after": before})
        assert (expired.status_code, expired.json()["code"]) == (410, "cursor_expired")
        assert expired.json()["oldest"] == after
        assert await told(client, after=after) == []
    manifest = json.loads((folder / str(months.oldest) / MANIFEST).read_bytes())
    assert manifest["last_place"]["id"] == str(approval["id"])


async def test_a_month_of_which_a_signal_was_approved_lately_is_left(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    months.approve(months.store(approval="required"), utc_now() - timedelta(days=1))
    assert str(months.oldest) not in [month.month for month in await Archiving(connection, folder).run(AGE)]
    assert months.oldest.table in await names(connection)


async def test_a_month_of_which_a_signal_is_approved_while_it_is_closed_is_left(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Nobody had approved it yet when it was looked at."""
    signal = months.store(approval="required")
    other = await asyncpg.connect(months.database.url)
    try:
        async with other.transaction():
            await other.execute(f"LOCK TABLE {months.oldest.table} IN ROW EXCLUSIVE MODE")
            archiving = asyncio.create_task(Archiving(connection, folder).run(AGE))
            await until(lambda: months.database.value(WAITING) == 1, "the month is to be closed")
            months.approve(signal, utc_now())
    finally:
        await other.close()
    assert str(months.oldest) not in [month.month for month in await archiving]
    months.database.execute("UPDATE signals SET status = 2")  # it is not closed to changes


@asynccontextmanager
async def in_use(months: Months) -> AsyncIterator[None]:
    """Somebody reads the oldest month, so that it is not dropped."""
    other = await asyncpg.connect(months.database.url)
    try:
        async with other.transaction():
            await other.execute(f"LOCK TABLE {months.oldest.table} IN ACCESS SHARE MODE")
            yield
    finally:
        await other.close()


async def test_each_decision_is_in_the_archive_or_refused(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """However many are made while the month is archived."""
    signals = [months.store(approval=approval) for approval in ("none", "required") * 25]
    held: dict[str, int] = {}
    async with desk(months.database) as at:

        async def decide(signals: Iterator[Row]) -> None:
            for signal in signals:
                status = QUEUED if signal["approval"] == "none" else CLOSED
                answer = await at.decide(signal["id"], status, "because")
                if answer.status_code == 200:
                    held[str(signal["id"])] = status
                else:
                    assert (answer.status_code, answer.json()["code"]) == (410, "signal_archived")

        several = iter(signals)
        deciding = [asyncio.create_task(decide(several)) for _ in range(3)]
        await until(lambda: len(held) > 5, "some decisions are made")
        async with in_use(months):
            archiving = asyncio.create_task(Archiving(connection, folder).run(AGE))
            await asyncio.gather(*deciding)
        await archiving
        assert [(await at.decide(signal["id"], CLOSED, "late")).status_code for signal in signals[:3]] == [410] * 3
    path = folder / str(months.oldest)
    kept = [json.loads(line) for line in files.read(path / SIGNALS)]
    assert {line["id"]: line["status"] for line in kept if line["status"]} == held
    became = [json.loads(line) for line in files.read(path / TRANSITIONS)]
    assert {line["signal_id"]: line["to_status"] for line in became} == held
    assert len(became) == len(held)


# What readers are told


async def told(client: httpx.AsyncClient, **query: str) -> list[str]:
    """The ids of the signals on a page."""
    events = (await client.get(FEED, params=query)).json()["events"]
    return [event["signal"]["id"] for event in events if event["event"] == "signal"]


async def test_readers_are_told_what_lies_in_the_archive(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Red without the place of what was archived: who was behind it would be given the rest as if it were all."""
    gone, other = months.store(), months.store(months.oldest.later(1))
    months.close(gone)
    async with serving(months.database.url, **OPEN) as client:
        old = (await page(client, limit=1))["cursor"]
        await Archiving(connection, folder).run(AGE)
        young = months.store(months.present)
        for id in (gone["id"], id_in(months.oldest), other["id"]):
            answer = await client.get(f"{ROUTE}/{id}")
            assert (answer.status_code, answer.json()["code"]) == (410, "signal_archived")
        assert (await client.get(f"{ROUTE}/{id_in(months.present)}")).status_code == 404
        expired = (await client.get(FEED, params={"after": old})).json()
        assert expired["code"] == "cursor_expired"
        for cursor in ({}, {"after": expired["oldest"]}):
            assert await told(client, **cursor) == [str(young["id"])]
        assert (await client.get(f"{FEED}/live", params={"after": old})).status_code == 410

        await restore(connection, folder / str(months.oldest))
        await restore(connection, folder / str(months.oldest.later(1)))
        assert (await client.get(f"{ROUTE}/{gone['id']}")).status_code == 200
        assert await told(client) == [str(signal["id"]) for signal in (gone, other, young)]


async def test_every_reader_and_every_producer_is_told_that_a_month_is_archived(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Also those who could not see the signal: there is nothing there that could be told from anything else."""
    gone = months.store(instrument="EURUSD", producer_id="beta")["id"]
    await Archiving(connection, folder).run(AGE)
    signed = signing_headers(b"")
    async with desk(months.database, signing=True, clock=present) as at:
        for headers in (at.bearing("bert"), at.bearing("carl"), signed):
            for id in (gone, id_in(months.oldest)):
                answer = await at.client.get(f"{ROUTE}/{id}", headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (410, "signal_archived")
        for id in (gone, id_in(months.oldest)):
            refused = await at.decide(id, CLOSED, "late", by="bert")
            assert (refused.status_code, refused.json()["code"]) == (410, "signal_archived")


async def test_a_signal_that_a_wrong_clock_has_dated_into_an_archived_month_is_read_and_stays_as_it_is(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    await Archiving(connection, folder).run(AGE)
    stray = insert_signal(months.database, id=id_in(months.oldest))["id"]
    async with desk(months.database) as at:
        assert (await at.signal(stray))["status"] == 0
        assert [event["signal"]["id"] for event in await at.events()] == [str(stray)]
        refused = await at.decide(stray, CLOSED, "late")
        assert (refused.status_code, refused.json()["code"]) == (410, "signal_archived")


async def test_a_reader_that_has_read_all_goes_on_when_all_of_it_is_archived(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    """Red when only what is stored counts: its cursor would lie behind all, as if an older copy had been put back."""
    months.store()
    async with serving(months.database.url, **OPEN) as client:
        await all_read(client, 1)
        cursor = (await page(client))["cursor"]
        await Archiving(connection, folder).run(AGE)
        assert months.content()["signals"] == []
        assert (await page(client, after=cursor))["events"] == []


async def test_nobody_decides_about_a_closed_month(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    signal = months.store()
    async with desk(months.database) as at:
        await soon(connection, partial(statement.close, connection, months.oldest.table))
        refused = await at.decide(signal["id"], CLOSED, "late")
        assert (refused.status_code, refused.json()["code"]) == (410, "signal_archived")
        assert (await at.signal(signal["id"]))["status"] == 0
        await Archiving(connection, folder).run(AGE)
        for id in (signal["id"], id_in(months.oldest)):
            refused = await at.decide(id, CLOSED, "late")
            assert (refused.status_code, refused.json()["code"]) == (410, "signal_archived")
        await restore(connection, folder / str(months.oldest))
        refused = await at.decide(signal["id"], CLOSED, "late")
        assert (refused.status_code, refused.json()["code"]) == (410, "signal_archived")
        assert (await at.signal(signal["id"]))["status"] == 0


async def test_what_became_of_archived_signals_stays_as_long_as_somebody_may_be_told(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    early = months.store()
    months.close(early)
    late = months.store()
    months.close(late)
    await Archiving(connection, folder).run(AGE)
    assert [row["signal_id"] for row in months.content()["transitions"]] == [late["id"]]
    with pytest.raises(asyncpg.PostgresError, match="never changed"):
        await connection.execute("DELETE FROM transitions")


async def test_only_one_process_archives(database: Database, connection: asyncpg.Connection) -> None:
    assert not connection.is_closed()
    async with asyncio.timeout(5), alone(database.url, ARCHIVE_LOCK) as other:
        assert other is None


async def test_a_service_archives_by_itself(months: Months, folder: Path, log_lines: list[EventDict]) -> None:
    signal = months.store()
    before = figure("signals_archived_total")
    limits = replace(LIMITS, retention_seconds=0.05)
    kept: dict[str, Any] = {"signals_retention_days": 90, "signals_archive_folder": folder}
    async with serving(months.database.url, limits=limits, **OPEN, **kept) as client:
        await until(lambda: "Month archived" in [line["event"] for line in log_lines], "a month is archived")
        assert (await client.get(f"{ROUTE}/{signal['id']}")).status_code == 410
    assert (folder / str(months.oldest) / MANIFEST).is_file()
    assert figure("signals_archived_total") == before + 1


# As a program


def run(database: Database, *arguments: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(app, [*arguments], env={"DATABASE_URL": database.url, "SIGNALS_OPERATOR": "anna"})


async def test_scripts_are_told_what_was_done(months: Months, folder: Path) -> None:
    months.store()
    archive = ["archive", "--older-than", "90d", "--to", str(folder), "--json"]
    first = await asyncio.to_thread(run, months.database, *archive)
    assert first.exit_code == 0, first.output
    [month, *_] = json.loads(first.stdout)["months"]
    file = folder / str(months.oldest) / SIGNALS
    assert month == {"month": str(months.oldest), "signals": 1, "file": str(file), "sha256": files.sha256(file)}
    again = await asyncio.to_thread(run, months.database, *archive)
    assert (again.exit_code, json.loads(again.stdout)) == (0, {"months": []})
    back = await asyncio.to_thread(run, months.database, "restore", str(file.parent), "--json")
    assert (back.exit_code, json.loads(back.stdout)) == (0, {"months": [month]})
    for arguments in (["restore", str(folder)], ["forget", "nobody-at-all"]):
        refused = await asyncio.to_thread(run, months.database, *arguments)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1), refused.output
    forgotten = await asyncio.to_thread(run, months.database, "forget", "alpha", "--json")
    told = {"producer": "alpha", "signals": 1, "archives": [str(file.parent)], "perhaps": []}
    assert json.loads(forgotten.stdout) == told
    entry = months.database.fetch("SELECT by, command, what FROM audit")[0]
    assert (entry["by"], entry["command"]) == ("anna", "forget")
    wrong = await asyncio.to_thread(run, months.database, "archive", "--older-than", "soon", "--to", str(folder))
    assert wrong.exit_code == 2


async def test_operators_are_told_where_who_was_forgotten_still_stands(months: Months, folder: Path) -> None:
    months.store()
    months.close(months.store(months.oldest.later(1), producer_id="beta"), reason="like alpha")
    await asyncio.to_thread(run, months.database, "archive", "--older-than", "90d", "--to", str(folder))
    forgotten = await asyncio.to_thread(run, months.database, "forget", "alpha")
    assert forgotten.stdout.splitlines() == [
        "alpha is forgotten: 0 signals.",
        f"It still stands in {folder / str(months.oldest)}",
        f"It may be named in {folder / str(months.oldest.later(1))}",
    ]


async def test_a_command_that_has_to_wait_for_another_says_so(
    months: Months, connection: asyncpg.Connection, folder: Path
) -> None:
    assert not connection.is_closed()
    refused = await asyncio.to_thread(run, months.database, "archive", "--older-than", "90d", "--to", str(folder))
    assert (refused.exit_code, "Another process" in refused.stderr) == (1, True)
