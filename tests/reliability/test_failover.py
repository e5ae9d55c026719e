"""Another server takes over behind the same address."""

import time

import pytest

from tests.reliability.standby import Pair
from tests.running.application import JSON, SIGNALS, serving, signal_body
from tests.running.proxy import database_proxy
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

BACK_SECONDS = 6.0
"""After a failover, without a restart."""


async def test_a_failover_behind_the_address_needs_no_restart(pair: Pair) -> None:
    """The old primary takes no writes any more, and leaves the sessions that it has open.

    Red when a session is kept after an error that the server has answered: 500 for as long as it was tried.
    """
    async with database_proxy(pair.primary.url) as proxy, serving(proxy.url) as client:

        async def created() -> bool:
            answer = await client.post(SIGNALS, content=signal_body(), headers=JSON)
            return answer.status_code == 201

        assert await created()
        await pair.standby.promote()
        proxy.lead_to(pair.standby.url)
        await pair.primary.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await pair.primary.execute("SELECT pg_reload_conf()")
        started = time.monotonic()
        await until_true(created, "a signal is stored by the new primary")
        assert time.monotonic() - started < BACK_SECONDS
        assert (await client.get("/api/v1/ready")).status_code == 200
    assert await pair.standby.value("SELECT count(*) FROM signals") == 2
