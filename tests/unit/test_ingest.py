"""The one way in: shared commits, resends, culprits, limits. On a real PostgreSQL, through Tortoise's own pool."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from structlog.typing import EventDict
from tortoise.context import TortoiseContext

from service import ingest
from service.http.errors import Overloaded, ShuttingDown
from service.intake.errors import ValidationFailed
from service.intake.receipts import RECEIPT_SECONDS
from service.intake.signal import parse_signal
from service.intake.statement import NewSignal, Stored
from service.intake.writer import BATCH_BYTES, BATCH_ROWS, Ingest
from service.kernel.errors import InternalError, Refusal
from service.postgres.pool import tortoise_config
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import wait_until

TIME = datetime(2026, 1, 31, 12, tzinfo=UTC)
UNSIGNED = NewSignal("alpha", "XAUUSD", 0, TIME, b'{"payload": {"price": 1950.50}}', 1, None)
UNSTORABLE = replace(UNSIGNED, body=b'{"payload": {"a": "\\u0000"}}')
"""What the service refuses before it gets this far; PostgreSQL refuses it too."""

UNEXPECTED = replace(UNSIGNED, instrument="not an instrument")
"""What only the constraints of the table would find."""


def signed(number: int = 1) -> NewSignal:
    """A signal of a signed request; the same number gives the same request."""
    return replace(UNSIGNED, receipt_key=number.to_bytes(32))


@asynccontextmanager
async def storing(url: str, *, queue_limit: int = 1000, pool_size: int = 3) -> AsyncIterator[Ingest]:
    """An Ingest with a pool of its own."""
    async with TortoiseContext() as context:
        await context.init(tortoise_config(url, pool_size=pool_size))
        async with Ingest(queue_limit=queue_limit) as ready:
            yield ready


async def store_all(writer: Ingest, signals: Sequence[NewSignal]) -> list[Stored | BaseException]:
    """Store signals that arrive together; the outcome of each."""
    return await asyncio.gather(*map(writer.store, signals), return_exceptions=True)


@asynccontextmanager
async def locked(database: Database, table: str = "signals") -> AsyncIterator[asyncpg.Connection]:
    """A table that nobody else can write, for as long as the context lasts."""
    client = await asyncpg.connect(database.url)
    try:
        async with client.transaction():
            await client.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield client
    finally:
        await client.close()


async def until_somebody_waits(database: Database) -> None:
    """Return when a connection to the database waits for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    await asyncio.to_thread(wait_until, lambda: database.value(query) > 0, "somebody waits for a lock")


def commits(database: Database) -> list[int]:
    """How many signals each commit brought, in the order of the commits."""
    rows = database.fetch("SELECT count(*) AS rows FROM signals GROUP BY xmin ORDER BY xmin::text::bigint")
    return [row["rows"] for row in rows]


def count(database: Database, table: str) -> int:
    rows: int = database.value(f"SELECT count(*) FROM {table}")
    return rows


@pytest.fixture
def database(shared_database: Database) -> Database:
    """A database whose tables are empty."""
    shared_database.execute("TRUNCATE signals, receipts")
    return shared_database


# Shared commits


@pytest.mark.anyio
async def test_what_is_stored_is_what_was_handed_over(database: Database) -> None:
    signal = NewSignal("beta", "BTC-USD", 1, TIME + timedelta(microseconds=5), b'{"payload":{"p":1.10}}', 7, b"k" * 32)
    async with storing(database.url) as writer:
        stored = await writer.store(signal)
    [row] = database.fetch("SELECT *, payload::text AS text FROM signals")
    assert (row["id"], row["created_at"], stored.replayed) == (stored.id, stored.created_at, False)
    assert (row["producer_id"], row["instrument"], row["side"], row["time"]) == ("beta", "BTC-USD", 1, signal.time)
    assert (row["text"], row["version"], row["status"]) == ('{"p": 1.10}', 7, 0)
    assert row["created_at"] == row["updated_at"]
    [receipt] = database.fetch("SELECT key, signal_id, created_at FROM receipts")
    assert (receipt["key"], receipt["signal_id"]) == (b"k" * 32, stored.id)
    assert receipt["created_at"] == stored.created_at


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
        await store_all(writer, [UNSIGNED] * (BATCH_ROWS + 1))
    assert commits(database) == [BATCH_ROWS, 1]


@pytest.mark.anyio
async def test_a_batch_is_bounded_in_bytes(database: Database) -> None:
    large = replace(UNSIGNED, body=b'{"payload":{"a":"' + b"a" * (BATCH_BYTES // 4) + b'"}}')
    async with storing(database.url) as writer:
        await store_all(writer, [large] * 6)
    assert commits(database) == [4, 2]


@pytest.mark.anyio
async def test_without_a_payload_nothing_is_stored_for_it(database: Database) -> None:
    async with storing(database.url) as writer:
        await writer.store(replace(UNSIGNED, body=None))
    assert database.value("SELECT payload IS NULL FROM signals") is True


# Resends


@pytest.mark.anyio
async def test_a_resent_request_gets_the_first_answer(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(signed())
        again = await writer.store(replace(signed(), body=None, instrument="OTHER"))
    assert again == Stored(first.id, first.created_at, replayed=True)
    assert (count(database, "signals"), count(database, "receipts")) == (1, 1)


@pytest.mark.anyio
async def test_the_same_request_several_times_in_one_batch_is_stored_once(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [signed(1), signed(2), signed(1), signed(1)])
    [one, two, again, more] = [stored for stored in outcomes if isinstance(stored, Stored)]
    assert one.id == again.id == more.id != two.id
    assert sorted(stored.replayed for stored in (one, again, more)) == [False, True, True]
    assert (count(database, "signals"), count(database, "receipts")) == (2, 2)


@pytest.mark.anyio
async def test_the_first_answer_survives_a_restart(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(signed())
    async with storing(database.url) as writer:
        assert await writer.store(signed()) == replace(first, replayed=True)


@pytest.mark.anyio
async def test_the_same_requests_through_several_pools_at_once_are_stored_once(database: Database) -> None:
    requests = [signed(number) for number in range(40)]
    ready = asyncio.Barrier(3)

    async def send(order: Sequence[NewSignal]) -> list[Stored | BaseException]:
        async with storing(database.url) as writer:
            await ready.wait()
            return await store_all(writer, order)

    there, back, again = await asyncio.gather(send(requests), send(requests[::-1]), send(requests))
    assert count(database, "signals") == 40
    for outcomes in zip(there, reversed(back), again, strict=True):
        stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
        assert len({(outcome.id, outcome.created_at) for outcome in stored}) == 1
        assert sorted(outcome.replayed for outcome in stored) == [False, True, True]


@pytest.mark.anyio
async def test_unsigned_requests_leave_no_receipt_and_are_all_stored(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [UNSIGNED, UNSIGNED])
        await writer.store(UNSIGNED)
    assert all(isinstance(stored, Stored) and not stored.replayed for stored in outcomes)
    assert (count(database, "signals"), count(database, "receipts")) == (3, 0)


@pytest.mark.anyio
async def test_a_receipt_outlives_its_signal(database: Database) -> None:
    """Somebody may clean up signals while the request could still be sent again."""
    async with storing(database.url) as writer:
        first = await writer.store(signed())
        database.execute("DELETE FROM signals")
        assert await writer.store(signed()) == replace(first, replayed=True)
    assert count(database, "signals") == 0


# Culprits


@pytest.mark.anyio
async def test_a_signal_that_postgresql_cannot_hold_is_refused_without_a_receipt(database: Database) -> None:
    poisoned = replace(UNSTORABLE, receipt_key=signed().receipt_key)
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
    batch[0] = replace(UNSTORABLE, receipt_key=b"first")
    batch[size // 2] = replace(UNEXPECTED, receipt_key=b"middle")
    batch[-1] = replace(UNSTORABLE, receipt_key=b"last")
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, batch)
    expected = [
        {UNSTORABLE.body: ValidationFailed}.get(
            signal.body, InternalError if signal.receipt_key == b"middle" else Stored
        )
        for signal in batch
    ]
    assert [type(outcome) for outcome in outcomes] == expected
    assert count(database, "signals") == count(database, "receipts") == expected.count(Stored)
    assert {(line["event"], line["rows"]) for line in log_lines} == {("Database write failed", 1)}


@pytest.mark.anyio
async def test_the_writer_outlives_a_culprit_whose_request_has_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with storing(database.url) as writer:
        async with locked(database):
            monkeypatch.setattr(ingest, "ANSWER_SECONDS", 0.2)
            with pytest.raises(InternalError):
                await writer.store(UNSTORABLE)
        monkeypatch.undo()
        await writer.store(UNSIGNED)
    assert count(database, "signals") == 1


# Limits


@pytest.mark.anyio
async def test_more_than_the_limit_is_refused_at_once_and_nothing_is_lost(database: Database) -> None:
    async with storing(database.url, queue_limit=3) as writer:
        async with locked(database):
            accepted = asyncio.create_task(store_all(writer, [UNSIGNED] * 3))
            await until_somebody_waits(database)
            async with asyncio.timeout(0.2):
                with pytest.raises(Overloaded):
                    await writer.store(UNSIGNED)
        assert all(isinstance(outcome, Stored) for outcome in await accepted)
        await writer.store(UNSIGNED)
    assert count(database, "signals") == 4


@pytest.mark.anyio
async def test_refused_and_given_up_requests_make_room_again(database: Database) -> None:
    async with storing(database.url, queue_limit=1) as writer:
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


def test_an_answer_takes_less_than_five_seconds() -> None:
    assert ingest.ANSWER_SECONDS < 5


@pytest.mark.anyio
async def test_a_locked_table_is_an_internal_error_in_time_and_a_resend_is_stored_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    async with storing(database.url) as writer:
        async with locked(database):
            monkeypatch.setattr(ingest, "ANSWER_SECONDS", 0.3)
            started = loop.time()
            outcomes = await store_all(writer, [signed(1), signed(2)])
            assert loop.time() - started < 3
            assert [type(outcome) for outcome in outcomes] == [InternalError, InternalError]
        monkeypatch.undo()
        await store_all(writer, [signed(1), signed(2)])
    assert (count(database, "signals"), count(database, "receipts")) == (2, 2)


@pytest.mark.anyio
async def test_a_lock_that_outlasts_a_statement_costs_a_repetition_and_one_log_line(
    database: Database, log_lines: list[EventDict]
) -> None:
    """PostgreSQL gives up on the statement after two seconds; the writer does not."""
    async with storing(database.url) as writer:
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


# Lost connections


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.anyio
async def test_a_commit_whose_answer_was_lost_is_found_again(
    database: Database, times: int, log_lines: list[EventDict]
) -> None:
    async with database_proxy(database.url) as proxy, storing(proxy.url) as writer:
        await writer.store(UNSIGNED)
        proxy.cut_commits(times)
        outcomes = await store_all(writer, [UNSIGNED, signed(1), signed(2), UNSIGNED])
        assert proxy.commits_cut == times
        again = await writer.store(signed(1))
    assert all(isinstance(outcome, Stored) and not outcome.replayed for outcome in outcomes)
    rows = {row["id"]: row["created_at"] for row in database.fetch("SELECT id, created_at FROM signals")}
    assert len(rows) == 5
    assert all(isinstance(outcome, Stored) and rows[outcome.id] == outcome.created_at for outcome in outcomes)
    assert again.replayed
    assert count(database, "receipts") == 2
    assert [line["event"] for line in log_lines] == ["Database write failed"]


@pytest.mark.anyio
async def test_a_connection_that_is_lost_during_a_commit_is_replaced(database: Database) -> None:
    async with storing(database.url) as writer:
        async with locked(database):
            waiting = asyncio.create_task(store_all(writer, [UNSIGNED, signed()]))
            await until_somebody_waits(database)
            database.execute("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'signals'
            """)
        assert all(isinstance(outcome, Stored) and not outcome.replayed for outcome in await waiting)
    assert count(database, "signals") == 2


@pytest.mark.anyio
async def test_a_database_that_comes_late_gets_what_waited_for_it(
    database: Database, log_lines: list[EventDict]
) -> None:
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with storing(proxy.url) as writer:
            waiting = asyncio.create_task(writer.store(UNSIGNED))
            await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the database was missed")
            await proxy.mend()
            await waiting
    assert count(database, "signals") == 1


# Pruning


def insert_receipts(database: Database, number: int, *, age: float) -> None:
    """Store receipts that were made `age` seconds ago."""
    database.execute(
        """
        INSERT INTO receipts (key, signal_id, created_at)
        SELECT sha256(gen_random_uuid()::text::bytea), gen_random_uuid(), now() - make_interval(secs => $1)
        FROM generate_series(1, $2::int)
        """,
        age,
        number,
    )


async def until_receipts_are(database: Database, number: int) -> None:
    """Return when so many receipts are left and nobody is busy forgetting more."""
    busy = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'signals' AND query LIKE '%DELETE FROM receipts%'
          AND state <> 'idle'
    """

    def settled() -> bool:
        return count(database, "receipts") == number and database.value(busy) == 0

    await asyncio.to_thread(wait_until, settled, f"{number} receipts are left")


@pytest.mark.anyio
async def test_receipts_are_forgotten_when_they_are_old_and_not_before(database: Database) -> None:
    insert_receipts(database, 5, age=RECEIPT_SECONDS + 1)
    insert_receipts(database, 7, age=RECEIPT_SECONDS - 60)
    async with storing(database.url):
        await until_receipts_are(database, 7)


def test_a_receipt_is_kept_longer_than_its_request_can_pass() -> None:
    assert RECEIPT_SECONDS > 2 * 300 + 1


@pytest.mark.anyio
async def test_several_may_forget_at_once_and_none_waits_for_another(database: Database) -> None:
    insert_receipts(database, 3000, age=RECEIPT_SECONDS + 1)
    other = await asyncpg.connect(database.url)
    async with other.transaction():
        await other.execute("SELECT FROM receipts LIMIT 10 FOR UPDATE")
        async with storing(database.url), storing(database.url), storing(database.url):
            await until_receipts_are(database, 10)
    await other.close()


@pytest.mark.anyio
async def test_all_old_receipts_are_forgotten_however_many(database: Database) -> None:
    """At 5,000 signals a second there are 300,000 new receipts a minute; forgetting must keep up with that."""
    insert_receipts(database, 25_000, age=RECEIPT_SECONDS + 1)
    async with storing(database.url):
        await until_receipts_are(database, 0)


@pytest.mark.anyio
async def test_forgetting_is_tried_again_after_a_failure(
    database: Database, monkeypatch: pytest.MonkeyPatch, log_lines: list[EventDict]
) -> None:
    monkeypatch.setattr(ingest, "PRUNE_SECONDS", 0.05)
    insert_receipts(database, 5, age=RECEIPT_SECONDS + 1)
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with storing(proxy.url) as writer:
            waiting = asyncio.create_task(writer.store(UNSIGNED))
            await asyncio.to_thread(wait_until, lambda: len(log_lines) > 0, "the database was missed")
            await proxy.mend()
            await waiting
            await until_receipts_are(database, 0)


# Fidelity

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NUMBERS = (
    st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-(10**20), max_value=10**20)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


def written(value: Any, escaped: bool) -> str:
    """JSON text of a value that may hold Decimals, with every digit."""
    if isinstance(value, dict):
        members = (f"{written(key, escaped)}: {written(member, escaped)}" for key, member in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(member, escaped) for member in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=escaped)


def exact(text: str) -> Any:
    """The value of a JSON text, each number as a Decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def writer(shared_database: Database, portal: BlockingPortal) -> Iterator[Ingest]:
    """An Ingest that runs for all examples."""
    with portal.wrap_async_context_manager(storing(shared_database.url)) as writer:
        yield writer


StorePayload = Callable[[bytes], str]


@pytest.fixture
def store_payload(shared_database: Database, portal: BlockingPortal, writer: Ingest) -> StorePayload:
    """Takes a body in through the service's schema and its writer; the payload as PostgreSQL writes it then."""

    def store(body: bytes) -> str:
        signal = parse_signal(body, 32768)
        new = replace(UNSIGNED, body=None if signal.payload is None else body)
        stored = portal.call(writer.store, new)
        text: str = shared_database.value("SELECT payload::text FROM signals WHERE id = $1", stored.id)
        return text

    return store


IN_ONE_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@IN_ONE_DATABASE
@given(payload=st.dictionaries(TEXT, VALUES, max_size=5), escaped=st.booleans())
@example(payload={"": {"": [None, True, "測試数据 😀"]}}, escaped=True)
@example(payload={"price": Decimal("1950.50"), "long": Decimal("0.1234567890123456789012345")}, escaped=False)
@example(payload={"many": 123456789012345678901234567890}, escaped=False)
def test_what_is_accepted_is_stored_digit_for_digit(store_payload: StorePayload, payload: Any, escaped: bool) -> None:
    text = written(payload, escaped)
    body = f'{{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{text}}}'.encode()
    assert exact(store_payload(body)) == exact(text)


# JSON as it might come: escapes, extreme numbers, deep nesting, repeated keys.
ODD_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?", fullmatch=True)
ODD_STRINGS = st.from_regex(r'"([a-z]|\\u[0-9a-f]{4}|\\u0000|\\\\|\\"){0,6}"', fullmatch=True)
ODD_JSON = st.recursive(
    ODD_NUMBERS | ODD_STRINGS | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: "[" + ",".join(parts) + "]")
        | st.lists(st.tuples(ODD_STRINGS, inner), max_size=4).map(
            lambda parts: "{" + ",".join(f"{key}:{value}" for key, value in parts) + "}"
        )
    ),
    max_leaves=10,
)


@IN_ONE_DATABASE
@given(text=ODD_JSON, elsewhere=ODD_JSON)
@example(text='{"a":0e131071}', elsewhere="1")
@example(text='{"a":1e-307,"b":0e-16383,"c":true}', elsewhere="5e-324")
@example(text='{"a":0.' + "1" * 16_383 + "}", elsewhere="null")
@example(text='{"a":' + "[" * 190 + "]" * 190 + "}", elsewhere="null")
def test_what_the_schema_accepts_postgresql_accepts(store_payload: StorePayload, text: str, elsewhere: str) -> None:
    """A body is refused by the schema or stored; there is nothing in between that would be a 500."""
    body = (
        f'{{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{{"p":{text}}},"x":{elsewhere}}}'
    ).encode()
    try:
        parse_signal(body, 32768)
    except Refusal:
        return
    assert exact(store_payload(body)) == {"p": exact(text)}


@pytest.mark.anyio
async def test_times_are_stored_to_the_microsecond_at_both_ends(shared_database: Database) -> None:
    ends = [datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
    async with storing(shared_database.url) as writer:
        stored = [await writer.store(replace(UNSIGNED, time=end)) for end in ends]
    for end, outcome in zip(ends, stored, strict=True):
        assert shared_database.value("SELECT time FROM signals WHERE id = $1", outcome.id) == end
