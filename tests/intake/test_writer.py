"""The one way in: shared commits, culprits, limits. On a real PostgreSQL, through a pool of the service."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from structlog.typing import EventDict

from service.http.errors import Overloaded, ShuttingDown, ValidationFailed
from service.intake.queue import Queue, Waiting
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.receipts.statement import NewSignal, Stored
from tests.intake.storing import (
    EXPIRY,
    LIMITS,
    TIME,
    UNEXPECTED,
    UNSIGNED,
    UNSTORABLE,
    commits,
    count,
    signed,
    store_all,
    store_patiently,
    storing,
)
from tests.postgres.locks import locked, until_somebody_waits
from tests.running.application import serving
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import wait_until

# Shared commits


@pytest.mark.anyio
async def test_what_is_stored_is_what_was_handed_over(database: Database) -> None:
    moment = TIME + timedelta(microseconds=5)
    signal = NewSignal("beta", "BTC-USD", 1, moment, b'{"p":1.10}', 7, receipt_key=b"k" * 32, receipt_expires_at=EXPIRY)
    async with storing(database.url) as writer:
        stored = await writer.store(signal)
    [row] = database.fetch("SELECT *, payload::text AS text FROM signals")
    assert (row["id"], row["created_at"], stored.replayed) == (stored.id, stored.created_at, False)
    assert (row["producer_id"], row["instrument"], row["side"], row["time"]) == ("beta", "BTC-USD", 1, signal.time)
    assert (row["text"], row["version"], row["status"]) == ('{"p": 1.10}', 7, 0)
    assert row["created_at"] == row["updated_at"]
    [receipt] = database.fetch("SELECT * FROM receipts")
    assert (receipt["key"], receipt["signal_id"], receipt["expires_at"]) == (b"k" * 32, stored.id, EXPIRY)
    assert receipt["created_at"] == stored.created_at


@pytest.mark.anyio
@pytest.mark.parametrize("full", [[], [0], [1], [0, 1]])
async def test_what_some_signals_of_a_commit_lack_others_keep(database: Database, full: list[int]) -> None:
    """What none of them has is not sent at all."""
    bare = NewSignal(None, "XAUUSD", 0, TIME, None, 1)
    whole = NewSignal("beta", "BTC-USD", 1, TIME, b"{}", 7, uuid4(), EXPIRY, None, "required")
    async with storing(database.url) as writer:
        await store_all(writer, [whole if place in full else bare for place in range(2)])
    assert commits(database) == [2]
    names = "producer_id, instrument, side, time, payload, version, key_id, expires_at, approval"
    rows: list[tuple[object, ...]] = [tuple(row) for row in database.fetch(f"SELECT {names} FROM signals ORDER BY id")]
    wanted = {
        False: (None, "XAUUSD", 0, TIME, None, 1, None, None, "none"),
        True: ("beta", "BTC-USD", 1, TIME, "{}", 7, whole.key_id, EXPIRY, "required"),
    }
    assert rows == [wanted[place in full] for place in range(2)]


@pytest.mark.anyio
async def test_ids_are_of_version_7_and_ordered_by_arrival(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = [await writer.store(UNSIGNED) for _ in range(5)]
    ids = [stored.id for stored in outcomes]
    assert {id.version for id in ids} == {7}
    assert ids == sorted(ids)
    assert len(set(ids)) == 5


@pytest.mark.anyio
async def test_signals_that_arrive_together_share_one_commit(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [UNSIGNED] * 20 + [signed(number) for number in range(20)])
    assert commits(database) == [40]
    assert len({stored.created_at for stored in outcomes if isinstance(stored, Stored)}) == 1
    assert {(row["id"], row["created_at"]) for row in database.fetch("SELECT id, created_at FROM signals")} == {
        (stored.id, stored.created_at) for stored in outcomes if isinstance(stored, Stored)
    }


@pytest.mark.anyio
async def test_a_lone_signal_has_a_commit_of_its_own(database: Database) -> None:
    async with storing(database.url) as writer:
        for _ in range(3):
            await writer.store(UNSIGNED)
    assert commits(database) == [1, 1, 1]


@pytest.mark.anyio
async def test_what_arrives_during_a_commit_goes_with_the_next(database: Database) -> None:
    async with storing(database.url) as writer:
        async with locked(database):
            first = asyncio.create_task(writer.store(UNSIGNED))
            await until_somebody_waits(database)
            rest = asyncio.create_task(store_all(writer, [UNSIGNED] * 5))
            await asyncio.sleep(0)
        await asyncio.gather(first, rest)
    assert commits(database) == [1, 5]


@pytest.mark.anyio
async def test_a_batch_is_bounded_in_rows(database: Database) -> None:
    async with storing(database.url) as writer:
        await store_all(writer, [UNSIGNED] * (LIMITS.batch_rows + 1))
    assert commits(database) == [LIMITS.batch_rows, 1]


@pytest.mark.anyio
async def test_a_batch_is_bounded_in_bytes(database: Database) -> None:
    large = UNSIGNED._replace(payload=b'{"a":"' + b"a" * (LIMITS.batch_bytes // 4) + b'"}')
    async with storing(database.url) as writer:
        await store_all(writer, [large] * 6)
    assert sorted(commits(database)) == [2, 4]


@pytest.mark.anyio
async def test_what_is_much_is_stored_beside_a_commit_that_is_under_way(database: Database) -> None:
    large = UNSIGNED._replace(payload=b'{"a":"' + b"a" * LIMITS.second_bytes + b'"}')
    steady = replace(LIMITS, lock_seconds=20, statement_seconds=25, command_seconds=30, answer_seconds=60)
    async with storing(database.url, steady) as writer:
        async with locked(database):
            first = asyncio.create_task(writer.store(UNSIGNED))
            await until_somebody_waits(database)
            second = asyncio.create_task(writer.store(large))
            await until_somebody_waits(database, sessions=2)
        await asyncio.gather(first, second)
    assert commits(database) == [1, 1]


@pytest.mark.anyio
async def test_what_is_taken_and_returned_keeps_its_place() -> None:
    """Two commits may fail at once: whose batch is returned last must not come first."""
    queue = Queue(LIMITS.second_bytes)
    waiting = [Waiting(UNSIGNED, asyncio.get_running_loop().create_future(), None) for _ in range(6)]
    for each in waiting:
        queue.put(each)
    first, second = queue.take(2, 1000), queue.take(2, 1000)
    queue.put_back(first)
    queue.put_back(second)
    assert [*queue] == waiting


@pytest.mark.parametrize(("size", "lanes"), [(2, 1), (3, 2)])
@pytest.mark.anyio
async def test_a_second_commit_needs_a_session_of_its_own(database: Database, size: int, lanes: int) -> None:
    """It would wait for the first, in the time that it has for itself, and be taken for one that takes too long."""
    async with serving(database.url, database_pool_size=size):
        names = [task.get_name() for task in asyncio.all_tasks()]
    assert len({"writer", "second_writer"}.intersection(names)) == lanes


@pytest.mark.anyio
async def test_without_a_payload_nothing_is_stored_for_it(database: Database) -> None:
    async with storing(database.url) as writer:
        await writer.store(UNSIGNED._replace(payload=None))
    assert database.value("SELECT payload IS NULL FROM signals") is True


# Culprits


@pytest.mark.anyio
async def test_a_signal_that_postgresql_cannot_hold_is_refused_without_a_receipt(database: Database) -> None:
    poisoned = signed()._replace(payload=UNSTORABLE.payload)
    async with storing(database.url) as writer:
        with pytest.raises(ValidationFailed) as refused:
            await writer.store(poisoned)
        assert [fault["loc"] for fault in refused.value.faults] == [["body", "payload"]]
        assert (count(database, "signals"), count(database, "receipts")) == (0, 0)
        assert not (await writer.store(signed())).replayed


@pytest.mark.parametrize("size", [1, 2, 3, 16, 33])
@pytest.mark.anyio
async def test_culprits_are_found_and_their_neighbours_stored(
    database: Database, size: int, log_lines: list[EventDict]
) -> None:
    batch = [signed(number) for number in range(size)]
    batch[0] = batch[0]._replace(payload=UNSTORABLE.payload, receipt_key=b"first")
    batch[size // 2] = batch[size // 2]._replace(instrument=UNEXPECTED.instrument, receipt_key=b"middle")
    batch[-1] = batch[-1]._replace(payload=UNSTORABLE.payload, receipt_key=b"last")
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, batch)
    expected = [
        {UNSTORABLE.payload: ValidationFailed}.get(
            signal.payload, InternalError if signal.receipt_key == b"middle" else Stored
        )
        for signal in batch
    ]
    assert [type(outcome) for outcome in outcomes] == expected
    assert count(database, "signals") == count(database, "receipts") == expected.count(Stored)
    assert {(line["event"], line["rows"]) for line in log_lines} == {("Database write failed", 1)}


@pytest.mark.anyio
async def test_the_writer_outlives_a_culprit_whose_request_has_ended(database: Database) -> None:
    async with storing(database.url, Limits(answer_seconds=0.2)) as writer:
        async with locked(database):
            with pytest.raises(InternalError):
                await writer.store(UNSTORABLE)
        await store_patiently(writer, signed())
    assert count(database, "signals") == 1


# Limits


SIZE = len(UNSIGNED.payload or b"")


@pytest.mark.parametrize(("queue_limit", "queue_bytes"), [(3, LIMITS.queue_bytes), (1000, 4 * SIZE - 1)])
@pytest.mark.anyio
async def test_more_than_the_limit_is_refused_at_once_and_nothing_is_lost(
    database: Database, queue_limit: int, queue_bytes: int
) -> None:
    async with storing(database.url, replace(LIMITS, queue_bytes=queue_bytes), queue_limit=queue_limit) as writer:
        async with locked(database):
            accepted = asyncio.create_task(store_all(writer, [UNSIGNED] * 3))
            await until_somebody_waits(database)
            async with asyncio.timeout(0.2):
                with pytest.raises(Overloaded):
                    await writer.store(UNSIGNED)
        assert all(isinstance(outcome, Stored) for outcome in await accepted)
        await writer.store(UNSIGNED)
    assert count(database, "signals") == 4


@pytest.mark.parametrize(("queue_limit", "queue_bytes"), [(1, LIMITS.queue_bytes), (1000, SIZE)])
@pytest.mark.anyio
async def test_refused_and_given_up_requests_make_room_again(
    database: Database, queue_limit: int, queue_bytes: int
) -> None:
    async with storing(database.url, replace(LIMITS, queue_bytes=queue_bytes), queue_limit=queue_limit) as writer:
        with pytest.raises(ValidationFailed):
            await writer.store(UNSTORABLE)
        async with locked(database):
            given_up = asyncio.create_task(writer.store(UNSIGNED))
            await until_somebody_waits(database)
            given_up.cancel()
            with suppress(asyncio.CancelledError):
                await given_up
        await writer.store(UNSIGNED)


@pytest.mark.anyio
async def test_after_closing_what_was_handed_over_is_stored_and_more_is_refused(database: Database) -> None:
    async with storing(database.url) as writer:
        async with locked(database):
            accepted = asyncio.create_task(store_all(writer, [UNSIGNED] * 3))
            await until_somebody_waits(database)
            writer.close()
            with pytest.raises(ShuttingDown):
                await writer.store(UNSIGNED)
        assert all(isinstance(outcome, Stored) for outcome in await accepted)
        with pytest.raises(ShuttingDown):
            await writer.store(UNSIGNED)
    assert count(database, "signals") == 3


@pytest.mark.anyio
async def test_a_locked_table_is_an_internal_error_in_time_and_a_resend_is_stored_once(
    database: Database,
) -> None:
    loop = asyncio.get_running_loop()
    async with storing(database.url, Limits(answer_seconds=0.3)) as writer:
        async with locked(database):
            started = loop.time()
            outcomes = await store_all(writer, [signed(1), signed(2)])
            assert loop.time() - started < 3
            assert [type(outcome) for outcome in outcomes] == [InternalError, InternalError]
        await asyncio.gather(*(store_patiently(writer, signed(number)) for number in (1, 2)))
    assert (count(database, "signals"), count(database, "receipts")) == (2, 2)


@pytest.mark.anyio
async def test_a_lock_that_outlasts_a_statement_costs_a_repetition_and_one_log_line(
    database: Database, log_lines: list[EventDict]
) -> None:
    """PostgreSQL gives up on the statement; the writer does not."""
    async with storing(database.url, Limits(lock_seconds=0.2)) as writer:
        async with locked(database):
            waiting = asyncio.create_task(store_all(writer, [UNSIGNED] * 3))
            await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the statement was given up")
        assert all(isinstance(outcome, Stored) for outcome in await waiting)
    assert commits(database) == [3]
    [line] = log_lines
    assert (line["event"], line["log_level"], line["rows"]) == ("Database write failed", "error", 3)
    assert line["exception"].sqlstate == "55P03"


@pytest.mark.anyio
async def test_while_signals_cannot_be_stored_the_writer_says_so(
    database: Database, log_lines: list[EventDict]
) -> None:
    async with database_proxy(database.url) as proxy, storing(proxy.url) as writer:
        assert not writer.failing()
        await proxy.cut()
        waiting = asyncio.create_task(store_all(writer, [UNSIGNED] * 3))
        await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the database was missed")
        assert writer.failing()
        await proxy.mend()
        await waiting
        await asyncio.to_thread(wait_until, lambda: not writer.failing(), "the writer is well again")


@pytest.mark.anyio
async def test_a_culprit_does_not_make_the_writer_fail(database: Database) -> None:
    async with storing(database.url) as writer:
        with pytest.raises(ValidationFailed):
            await writer.store(UNSTORABLE)
        assert not writer.failing()
