"""What signals claim beside their signature: keys and contents, each stored once, and no receipt of nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import pytest

from service.http.errors import Overloaded, ValidationFailed
from service.kernel.errors import InternalError
from service.kernel.limits import Limits
from service.receipts.claims import claim_of_content, claim_of_key
from service.receipts.errors import DuplicateSignal, IdempotencyMismatch
from service.receipts.settlement import settle
from service.receipts.statement import NewSignal, Stored, insert
from tests.intake.storing import UNSIGNED, UNSTORABLE, count, signed, store_all, storing
from tests.postgres.rows import loose_receipts
from tests.receipts.claiming import DAY, content, key, keyed, repeated
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

HASTY = Limits(answer_seconds=1.5)


@asynccontextmanager
async def about_to_store(database: Database, signal: NewSignal) -> AsyncIterator[asyncpg.transaction.Transaction]:
    """Another process that has done everything but the commit."""
    other = await asyncpg.connect(database.url)
    transaction = other.transaction()
    await transaction.start()
    id = (await other.fetchrow("SELECT gen_random_uuid() AS id"))["id"]
    new = (await settle(other, {id: signal})).new
    await insert(other, new)
    yield transaction
    await other.close()


# Keys


@pytest.mark.anyio
async def test_the_same_under_the_same_key_is_the_first(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(keyed(1))
        anew = await writer.store(keyed(2))
        again = await writer.store(signed(2)._replace(instrument="OTHER"))
    assert anew == again == first._replace(replayed=True)
    assert count(database, "signals") == 1
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_something_else_under_the_same_key_is_refused_and_claims_nothing(database: Database) -> None:
    async with storing(database.url) as writer:
        await writer.store(keyed(1))
        with pytest.raises(IdempotencyMismatch):
            await writer.store(keyed(2, body=b"{} "))
        assert (await writer.store(signed(2))).new
    assert (count(database, "signals"), count(database, "receipts")) == (2, 3)


@pytest.mark.anyio
async def test_a_signature_counts_before_a_key(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(keyed(1))
        assert await writer.store(keyed(1, body=b"other")) == first._replace(replayed=True)


@pytest.mark.anyio
async def test_a_signal_that_was_refused_leaves_its_key(database: Database) -> None:
    async with storing(database.url) as writer:
        with pytest.raises(ValidationFailed):
            await writer.store(keyed(1)._replace(payload=UNSTORABLE.payload))
        assert (await writer.store(keyed(2))).new
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_an_unsigned_one_under_a_key_is_stored_once(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(UNSIGNED._replace(idempotency=key()))
        again = await writer.store(UNSIGNED._replace(idempotency=key()))
    assert again == first._replace(replayed=True)
    assert (count(database, "signals"), count(database, "receipts")) == (1, 1)


@pytest.mark.parametrize("ago", ["0 seconds", "1 second", "1 hour"])
@pytest.mark.anyio
async def test_a_key_is_free_again_after_its_end_whether_it_was_pruned_or_not(database: Database, ago: str) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(keyed(1))
        database.execute("UPDATE receipts SET expires_at = now() - $1::text::interval WHERE key <> $2", ago, _mac(1))
        second = await writer.store(keyed(2, body=b"other"))
        assert (await writer.store(keyed(3, body=b"other"))).id == second.id != first.id
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_a_key_holds_until_its_end(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(keyed(1))
        database.execute("UPDATE receipts SET expires_at = now() + interval '1 second' WHERE key <> $1", _mac(1))
        assert (await writer.store(keyed(2))).id == first.id


def _mac(number: int) -> bytes:
    return number.to_bytes(32)


# Contents


@pytest.mark.parametrize(("price", "differs"), [("1", False), ("2", True)])
@pytest.mark.anyio
async def test_what_says_the_same_is_answered_with_the_first(database: Database, price: str, differs: bool) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(repeated(1))
        second = await writer.store(repeated(2, price=price))
        again = await writer.store(repeated(2, price=price))
    assert second == Stored(first.id, first.created_at, replayed=False, differs=differs)
    assert again == second._replace(replayed=True)
    assert count(database, "signals") == 1
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_what_says_the_same_is_refused_and_claims_nothing(database: Database) -> None:
    async with storing(database.url) as writer:
        first = await writer.store(repeated(1))
        for _ in range(2):
            with pytest.raises(DuplicateSignal) as refused:
                await writer.store(repeated(2, refuse=True)._replace(idempotency=key("order-2")))
            assert refused.value.first == first.id
        assert (await writer.store(keyed(3, "order-2")._replace(instrument="BTCUSD"))).new
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_a_resend_is_no_duplicate(database: Database) -> None:
    """The signature counts first, then the key: a resend is answered as before, and never refused."""
    async with storing(database.url) as writer:
        first = await writer.store(repeated(1, refuse=True)._replace(idempotency=key()))
        assert await writer.store(repeated(1, refuse=True)) == first._replace(replayed=True)
        assert await writer.store(repeated(2, refuse=True)._replace(idempotency=key())) == first._replace(replayed=True)
    assert count(database, "signals") == 1


@pytest.mark.anyio
async def test_a_repeat_does_not_make_the_window_longer(database: Database) -> None:
    async with storing(database.url) as writer:
        await writer.store(repeated(1))
        window = "SELECT expires_at FROM receipts WHERE fingerprint IS NOT NULL"
        end = database.value(window)
        await writer.store(repeated(2))
    assert database.value(window) == end


@pytest.mark.anyio
async def test_the_last_of_three_signals_that_arrive_together_says_something_else(database: Database) -> None:
    async with storing(database.url) as writer:
        outcomes = await store_all(writer, [repeated(1), repeated(2), repeated(3, "BTCUSD")])
    one, two, three = [each for each in outcomes if isinstance(each, Stored)]
    assert (one.new, two.id, two.differs, three.new) == (True, one.id, False, True)
    assert loose_receipts(database) == 0


MOMENT = datetime(2026, 1, 31, 12, 0, 0, 100_000, tzinfo=UTC)


def _content_key(**changes: object) -> tuple[bytes, bytes | None]:
    facts = {
        "producer_id": "alpha",
        "signed": True,
        "instrument": "XAUUSD",
        "side": 0,
        "time": MOMENT,
        "payload": {"a": 1, "b": 2},
        "version": 1,
    }
    claim = claim_of_content(**(facts | changes), seconds=DAY)  # type: ignore[arg-type]
    return claim.key, claim.fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"producer_id": "beta"},
        {"signed": False},
        {"instrument": "XAUUSD1"},
        {"side": 1},
        {"time": MOMENT + timedelta(microseconds=1)},
    ],
)
def test_what_makes_another_content(changes: dict[str, object]) -> None:
    assert _content_key(**changes)[0] != _content_key()[0]


def test_an_instant_is_the_same_in_another_zone() -> None:
    assert _content_key(time=MOMENT.astimezone(timezone(timedelta(hours=2)))) == _content_key()


@pytest.mark.parametrize(("changes", "same"), [({"payload": {"b": 2, "a": 1}}, True), ({"payload": None}, False)])
def test_payload_and_version_are_told_apart_under_the_same_key(changes: dict[str, object], same: bool) -> None:
    (known, fingerprint), (key, other) = _content_key(), _content_key(**changes)
    assert known == key
    assert (fingerprint == other) is same
    assert _content_key(version=2)[0] == known
    assert _content_key(version=2)[1] != fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"producer_id": "beta"},
        {"producer_id": None},
        {"signed": False},
        {"route": "signals/batch"},
        {"key": "order-11"},
    ],
)
def test_keys_of_others_are_other_keys(changes: dict[str, object]) -> None:
    facts = {"key": "order-1", "body": b"{}", "route": "signals", "producer_id": "alpha", "signed": True}
    claim = claim_of_key(**(facts | changes), seconds=DAY)  # type: ignore[arg-type]
    assert claim.key != key().key
    assert claim.fingerprint == key().fingerprint


# Twins


@pytest.mark.parametrize("twin", [keyed, repeated])
@pytest.mark.anyio
async def test_twins_at_several_processes_are_one(database: Database, twin: object) -> None:
    """In opposite orders, each signed anew."""
    requests = [keyed(number, f"order-{number}")._replace(instrument=f"X{number}") for number in range(40)]
    if twin is repeated:
        requests = [repeated(number, f"X{number}") for number in range(40)]
    ready = asyncio.Barrier(3)

    async def send(order: Sequence[NewSignal], signature: int) -> list[Stored | BaseException]:
        anew = [each._replace(receipt_key=(signature + place).to_bytes(32)) for place, each in enumerate(order)]
        async with storing(database.url) as writer:
            await ready.wait()
            return await store_all(writer, anew)

    there, back, again = await asyncio.gather(send(requests, 1000), send(requests[::-1], 2000), send(requests, 3000))
    assert count(database, "signals") == 40
    for outcomes in zip(there, reversed(back), again, strict=True):
        assert all(isinstance(outcome, Stored) for outcome in outcomes)
        stored = [outcome for outcome in outcomes if isinstance(outcome, Stored)]
        assert len({(outcome.id, outcome.created_at) for outcome in stored}) == 1
        assert sorted(outcome.new for outcome in stored) == [False, False, True]
    assert loose_receipts(database) == 0


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.anyio
async def test_a_twin_waits_for_who_is_about_to_store_the_same(database: Database, committed: bool) -> None:
    async with storing(database.url) as writer, about_to_store(database, keyed(1)) as first:
        twin = asyncio.create_task(writer.store(keyed(2)))
        neighbour = await writer.store(keyed(3, "order-3"))
        assert neighbour.new
        assert not twin.done()
        await (first.commit() if committed else first.rollback())
        assert (await twin).replayed is committed
    assert count(database, "signals") == 2
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_a_key_that_is_held_for_ever_stalls_nobody_else(database: Database) -> None:
    """All neighbours are stored while the twins wait, and not when they have given up."""
    async with storing(database.url, Limits(answer_seconds=2)) as writer, about_to_store(database, repeated(1)):
        twins = asyncio.gather(*(writer.store(repeated(100 + each)) for each in range(100)), return_exceptions=True)
        for number in range(5):
            assert (await writer.store(repeated(1000 + number, f"X{number}"))).new
        assert not twins.done()
        outcomes = await twins
    assert {type(outcome) for outcome in outcomes} == {Overloaded}
    assert (count(database, "signals"), loose_receipts(database)) == (5, 0)


@pytest.mark.anyio
async def test_a_signature_that_somebody_claims_without_a_lock_leaves_nothing_behind(database: Database) -> None:
    """A process that knows of no keys stores the same signed request: all of a row's claims hold, or none."""
    other = await asyncpg.connect(database.url)
    async with storing(database.url) as writer:
        first = other.transaction()
        await first.start()
        id = (await other.fetchrow("SELECT gen_random_uuid() AS id"))["id"]
        await insert(other, {id: signed(1)})
        twin = asyncio.create_task(writer.store(keyed(1)))
        await asyncio.wait({twin}, timeout=0.3)
        await first.commit()
        assert (await twin).id == id
        assert (await writer.store(keyed(2))).id == id
    await other.close()
    assert count(database, "signals") == 1
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_a_commit_whose_answer_was_lost_is_found_by_its_claims(database: Database) -> None:
    async with database_proxy(database.url) as proxy, storing(proxy.url) as writer:
        await writer.store(UNSIGNED)
        proxy.cut_commits(2, even_empty=True)
        sent = [keyed(1), UNSIGNED._replace(idempotency=key("order-2")), repeated(3, "BTCUSD"), UNSIGNED]
        outcomes = await store_all(writer, sent)
        assert proxy.commits_cut == 2
    assert all(isinstance(outcome, Stored) and outcome.new for outcome in outcomes)
    assert count(database, "signals") == 5
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_who_is_only_looked_for_is_found_by_its_key_and_never_stored(database: Database) -> None:
    refusal = ValidationFailed([])
    async with storing(database.url) as writer:
        first = await writer.store(keyed(1))
        assert await writer.store(keyed(2), refusal) == first._replace(replayed=True)
        with pytest.raises(ValidationFailed):
            await writer.store(keyed(3, "order-3"), refusal)
        with pytest.raises(ValidationFailed):
            await writer.store(UNSIGNED._replace(idempotency=key("order-4")), refusal)
    assert count(database, "signals") == 1
    assert loose_receipts(database) == 0


@pytest.mark.anyio
async def test_a_fault_of_the_database_is_no_answer_about_a_key(own_database: Database) -> None:
    async with storing(own_database.url, HASTY) as writer:
        own_database.execute("ALTER TABLE receipts RENAME TO hidden")
        with pytest.raises(InternalError):
            await writer.store(keyed(1)._replace(content=content()))
        await until(lambda: not [*writer._queue, *writer._commits._under_way], "it is not tried any more")
        own_database.execute("ALTER TABLE hidden RENAME TO receipts")
        assert (await writer.store(keyed(1))).new
