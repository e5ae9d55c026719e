"""A keyring that follows its database: told of changes, or looking for them, or both."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from structlog.typing import EventDict

from service.following.follower import Follower
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks, repeated
from service.kernel.timestamps import utc_now
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.postgres.pool import Pool
from service.proof.signing import RESENT_FOR
from tests.keyring.registered import SEALING, SHARED, register
from tests.running.application import figure
from tests.running.postgres import Database
from tests.running.proxy import database_proxy
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

LIMITS = Limits()
ONLY_TOLD = replace(LIMITS, keyring_poll_seconds=60)
ONLY_LOOKING = replace(LIMITS, listener_retry_seconds=60)
LISTENERS = """
SELECT pid, state, xact_start, query FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE 'NOTIFY%' OR query LIKE 'LISTEN%')
"""


@dataclass(frozen=True)
class Following:
    """A keyring that follows the database."""

    keyring: Keyring

    def secrets(self, name: str = "alpha") -> list[str]:
        return [(key.secret or b"").decode() for key in self.keyring.find(name, utc_now())]


@asynccontextmanager
async def following(url: str, limits: Limits = LIMITS, *, told_by: str | None = None) -> AsyncIterator[Following]:
    """A keyring that looks into the database at `url`, and is told of changes over the address `told_by`."""
    keyring = Keyring(SHARED, RESENT_FOR)
    async with Pool(url, limits, size=2) as pool, Pool(told_by or url, limits, size=1) as listened:
        reader = KeyringReader(pool, keyring, SEALING, limits, utc_now)
        follower = Follower([reader], listened.dedicated, limits)
        comparison = repeated("keyring_comparison", reader.compare, limits.keyring_compare_seconds)
        async with Tasks(**follower.work, comparison=comparison):
            await follower.first_look()
            yield Following(keyring)


async def learnt(what: Callable[[], bool]) -> float:
    """Wait until it is so; returns how long that took."""
    started = time.monotonic()
    await until(what, "the change is learnt")
    return time.monotonic() - started


def listening() -> bool:
    return figure("signals_keyring_listening") == 1


REVOKE = "UPDATE producer_keys SET revoked_at = now()"


async def test_it_is_loaded_when_it_is_entered(database: Database) -> None:
    [alpha] = await register(database, "alpha")
    before = time.time()
    async with following(database.url) as follow:
        assert follow.secrets() == [alpha.secret]
        assert figure("signals_keyring_read_timestamp_seconds") >= before


@pytest.mark.parametrize("limits", [ONLY_TOLD, LIMITS], ids=["told", "told and looking"])
async def test_what_is_announced_is_learnt_at_once(database: Database, limits: Limits) -> None:
    await register(database, "alpha")
    async with following(database.url, limits) as follow:
        await until(listening, "it listens")
        await asyncio.to_thread(database.execute, REVOKE)
        assert await learnt(lambda: follow.secrets() == []) < 1


async def test_what_is_not_announced_is_learnt_within_a_second(database: Database, log_lines: list[EventDict]) -> None:
    await register(database, "alpha")
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with following(database.url, ONLY_LOOKING, told_by=proxy.url) as follow:
            await asyncio.to_thread(database.execute, REVOKE)
            assert await learnt(lambda: follow.secrets() == []) < 1
    told = [line for line in log_lines if "announced" in line["event"]]
    assert [line["event"] for line in told] == ["Changes are not announced: looking for them instead"]
    assert "Connection refused" in told[0]["reason"] or "Connect call failed" in told[0]["reason"]
    assert not listening()


async def test_a_dead_listener_is_replaced_and_changes_are_learnt_meanwhile(database: Database) -> None:
    """The connection falls silent without being closed, as when a firewall forgets it."""
    await register(database, "alpha")
    quick = replace(LIMITS, listener_probe_seconds=0.3, listener_answer_seconds=0.3, listener_retry_seconds=0.1)
    async with database_proxy(database.url) as proxy, following(database.url, quick, told_by=proxy.url) as follow:
        await until(listening, "it listens")
        before = figure("signals_keyring_listeners_total")
        proxy.go_silent()
        await asyncio.to_thread(database.execute, REVOKE)
        assert await learnt(lambda: follow.secrets() == []) < 1
        await until(lambda: figure("signals_keyring_listeners_total") > before, "the listener is replaced")
        await until(listening, "it listens again")


async def test_what_was_changed_between_two_listeners_is_learnt(database: Database) -> None:
    """Nothing but the listener tells of changes here. Its session is ended at random moments."""
    keys = await register(database, "alpha")
    quick = replace(ONLY_TOLD, listener_retry_seconds=0.02)
    async with following(database.url, quick) as follow:
        for round in range(40):
            await until(listening, "it listens")
            value, expected = ("now()", []) if round % 2 == 0 else ("NULL", [keys[0].secret])
            end = f"SELECT pg_terminate_backend(pid) FROM ({LISTENERS}) AS listener"
            change = f"UPDATE producer_keys SET revoked_at = {value}"
            first, second = (end, change) if round % 3 else (change, end)
            await asyncio.to_thread(database.execute, first)
            await asyncio.sleep(0.001 * (round % 7))
            await asyncio.to_thread(database.execute, second)
            assert await learnt(lambda expected=expected: follow.secrets() == expected) < 1  # type: ignore[misc]


async def test_the_listener_is_never_in_a_transaction(database: Database) -> None:
    quick = replace(LIMITS, listener_probe_seconds=0.01)
    async with following(database.url, quick):
        await until(listening, "it listens")
        for _ in range(20):
            [row] = await asyncio.to_thread(database.fetch, LISTENERS)
            assert row["state"] in {"idle", "active"}
            assert row["state"] != "idle in transaction"


async def test_known_keys_stay_good_while_the_database_is_away(database: Database, log_lines: list[EventDict]) -> None:
    [alpha] = await register(database, "alpha")
    quick = replace(LIMITS, keyring_poll_seconds=0.02, listener_retry_seconds=0.02)
    async with database_proxy(database.url) as proxy, following(proxy.url, quick) as follow:
        await until(listening, "it listens")
        await proxy.cut()
        await until(lambda: not listening(), "it notices")
        await until(lambda: sum("cannot be read" in line["event"] for line in log_lines) > 0, "it is told")
        assert follow.secrets() == [alpha.secret]
        await asyncio.to_thread(database.execute, REVOKE)
        await proxy.mend()
        await until(lambda: follow.secrets() == [], "it is learnt")
        await until(listening, "it listens")
    assert sum("cannot be read" in line["event"] for line in log_lines) == 1
    assert sum("not announced" in line["event"] for line in log_lines) == 1


async def test_a_service_that_starts_before_its_database_knows_nobody_until_it_is_there(database: Database) -> None:
    [alpha] = await register(database, "alpha")
    quick = replace(LIMITS, keyring_poll_seconds=0.02)
    async with database_proxy(database.url) as proxy:
        await proxy.cut()
        async with following(proxy.url, quick) as follow:
            assert not follow.keyring.loaded
            await proxy.mend()
            await until(lambda: follow.keyring.loaded, "it is loaded")
            assert follow.secrets() == [alpha.secret]


async def test_a_database_that_does_not_answer_holds_up_the_start_only_for_a_moment(database: Database) -> None:
    quick = replace(LIMITS, readiness_seconds=0.1)
    async with database_proxy(database.url) as proxy:
        proxy.stall()
        async with asyncio.timeout(1.5), following(proxy.url, quick) as follow:
            assert not follow.keyring.loaded


async def test_what_was_not_counted_is_found_in_time(database: Database) -> None:
    await register(database, "alpha")
    quick = replace(LIMITS, keyring_compare_seconds=0.1)
    async with following(database.url, quick) as follow:
        database.execute(f"SET session_replication_role = replica; {REVOKE}; RESET session_replication_role")
        await until(lambda: follow.secrets() == [], "the comparison puts it right")


async def test_a_server_that_takes_no_writes_for_a_while_is_waited_for(
    database: Database, log_lines: list[EventDict]
) -> None:
    """As after a failover, when the address leads to a standby."""
    [alpha] = await register(database, "alpha")
    quick = replace(LIMITS, listener_retry_seconds=0.02, keyring_poll_seconds=0.02)
    name = database.value("SELECT current_database()")
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'signals' AND datname = $1"
    async with following(database.url, quick) as follow:
        await until(listening, "it listens")
        database.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        database.fetch(ended, name)
        await until(lambda: not listening(), "it notices")
        assert follow.secrets() == [alpha.secret]
        database.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await until(listening, "it listens again")
        await asyncio.to_thread(database.execute, REVOKE)
        assert await learnt(lambda: follow.secrets() == []) < 1
    assert sum("not announced" in line["event"] for line in log_lines) == 1
