"""A keyring behind PgBouncer: nothing is announced there, and every change is learnt all the same."""

import asyncio

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from tests.keyring.registered import register
from tests.keyring.test_follower import REVOKE, following, learnt, listening
from tests.running.pgbouncer import limit_role, pgbouncer
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

LIMITS = Limits()
LISTENED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


@pytest.mark.parametrize("mode", ["transaction", "session"])
async def test_behind_a_pooler_nobody_listens_and_changes_are_learnt_within_a_second(
    database: Database, log_lines: list[EventDict], mode: str
) -> None:
    [alpha] = await register(database, "alpha")
    limit_role(database, statement_timeout="3s", lock_timeout="2s")
    with pgbouncer(database.url, mode) as url:
        async with following(url, LIMITS) as follow:
            assert follow.secrets() == [alpha.secret]
            await until(lambda: bool(told(log_lines)), "it is told")
            await asyncio.to_thread(database.execute, REVOKE)
            assert await learnt(lambda: follow.secrets() == []) < 1
            assert await asyncio.to_thread(database.value, LISTENED) == 0
            assert not listening()
    assert told(log_lines) == ["a pooler is in between"]


def told(lines: list[EventDict]) -> list[str]:
    """Why nothing is announced, as often as it was told."""
    return [line["reason"] for line in lines if "not announced" in line["event"]]
