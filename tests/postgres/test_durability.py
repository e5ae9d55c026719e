"""Durability: whether an acknowledged commit survives, warned about or refused."""

import pytest
from structlog.typing import EventDict

from service.kernel.limits import Limits
from service.operate.readiness import Readiness
from service.postgres.durability import NotDurable, check_server
from service.postgres.pool import Pool
from tests.postgres.database_url import with_options
from tests.running.postgres import Database

LIMITS = Limits()


@pytest.mark.anyio
async def test_a_durable_server_is_not_mentioned(shared_database: Database, log_lines: list[EventDict]) -> None:
    await check_server(shared_database.url, LIMITS, refuse=True)
    await check_server(shared_database.url, LIMITS, refuse=False)
    assert log_lines == []


@pytest.mark.anyio
async def test_a_server_that_may_lose_commits_is_warned_about(
    shared_database: Database, log_lines: list[EventDict]
) -> None:
    await check_server(with_options(shared_database.url, synchronous_commit="off"), LIMITS, refuse=False)
    assert log_lines == [
        {
            "event": "PostgreSQL may lose acknowledged signals",
            "log_level": "warning",
            "settings": "synchronous_commit is off",
        }
    ]


@pytest.mark.parametrize("value", ["off", "local"])
@pytest.mark.anyio
async def test_a_server_that_may_lose_commits_can_be_refused(shared_database: Database, value: str) -> None:
    with pytest.raises(NotDurable, match=f"^synchronous_commit is {value}$"):
        await check_server(with_options(shared_database.url, synchronous_commit=value), LIMITS, refuse=True)


@pytest.mark.parametrize("value", ["remote_write", "remote_apply", "on"])
@pytest.mark.anyio
async def test_waiting_for_a_standby_too_is_durable(shared_database: Database, value: str) -> None:
    await check_server(with_options(shared_database.url, synchronous_commit=value), LIMITS, refuse=True)


@pytest.mark.anyio
async def test_every_connection_of_the_pool_is_checked(shared_database: Database) -> None:
    url = with_options(shared_database.url, synchronous_commit="off")
    async with Pool(url, LIMITS, size=4, refuse_not_durable=True) as pool:
        readiness = Readiness(pool, lambda: False, LIMITS)
        assert await readiness.obstacle() == "not durable: synchronous_commit is off"
        with pytest.raises(NotDurable):
            async with pool.connection():
                pass
