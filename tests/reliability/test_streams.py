"""Readers of the live feed go on where they broke off, whatever dies."""

import json

import pytest

from tests.reliability.followers import following
from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import producing
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

STOP_SECONDS = 6.0
FILTERS = [{}, {"instrument": "XAUUSD"}, {"instrument": "X*"}, {"producer": "reliability"}, {"instrument": "NONE"}]


async def test_streams_go_on_through_kills_and_restarts(lab: Lab) -> None:
    """Service killed, service replaced, PostgreSQL killed, in turn, while readers read and now and then hang up.

    Each has seen each acknowledged signal once, all in the order of the feed.
    """
    times, each = lab.size(3, 30), lab.size(100, 500)
    ledger = Ledger()
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url)
    queries = FILTERS * lab.size(2, 6)
    async with following(service.port, queries, lab.seed) as followers:
        async with producing(service, ledger, lab.seed):
            for turn in range(times):
                await lab.acknowledged(ledger, each)
                if turn % 3 == 0:
                    service.kill()
                    service.start()
                elif turn % 3 == 1:
                    service.terminate()
                    await until(lambda: not service.running, "the service has stopped", STOP_SECONDS)
                    service.start()
                else:
                    await postgresql.kill()
                    postgresql.start()
            await lab.acknowledged(ledger, each)
        stored = await _in_order(postgresql)
        seeing = [follower for follower in followers if follower.query != FILTERS[-1]]
        await until(lambda: all(len(follower.ids) >= len(stored) for follower in seeing), "all have seen all")
    assert {json.loads(body)["id"] for body in ledger.acknowledged.values()} == set(stored)
    for follower in followers:
        assert follower.ids == ([] if follower.query == FILTERS[-1] else stored), follower.query
        assert follower.reconnects >= times * 2 // 3, "invalid: its stream did not break off"


async def _in_order(postgresql: PostgreSQL) -> list[str]:
    connection = await postgresql.connect()
    try:
        return [str(row["id"]) for row in await connection.fetch("SELECT id FROM signals ORDER BY epoch, xact, id")]
    finally:
        await connection.close()
