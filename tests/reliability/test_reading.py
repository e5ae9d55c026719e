"""Every acknowledged signal is seen by each reader exactly once, all in the same order, whatever happens meanwhile."""

import json
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest

from tests.reliability.lab import Lab
from tests.reliability.ledger import Ledger
from tests.reliability.pagers import BY_HORIZON, BY_ID, BY_TIME, NaivePager, Pager, paging
from tests.reliability.postgresql import PostgreSQL
from tests.reliability.producers import producing
from tests.reliability.strangers import Strangers, meddling
from tests.running.waiting import until, until_true

pytestmark = pytest.mark.anyio

SETTINGS = {"max_prepared_transactions": "50", "checkpoint_timeout": "1h"}
QUERIES = [
    {},
    {"wait": "2"},
    {"instrument": "EUR*"},
    {"instrument": "EURUSD", "wait": "2"},
    {"producer": "reliability"},
]
BURNT = 300
MORE = 10
"""So many times more crashes there are, if need be, until one has shown that the test bites."""


async def test_no_signal_is_skipped_or_repeated(lab: Lab) -> None:
    """PostgreSQL is killed right after a look, and after numbers of transactions were taken that are given out again;
    the service is killed; others hold transactions open, roll them back, prepare them and vanish.

    The same run shows that it bites: readers by id, by time of storage, and by a place made of the oldest open
    transaction skip signals in it.
    """
    times, each = lab.size(2, 100), lab.size(60, 300)
    ledger = Ledger()
    postgresql = await lab.postgresql(settings=SETTINGS)
    service = await lab.service(postgresql.url, workers=2)
    pagers = [Pager(service.port, query, lab.draw) for query in QUERIES * lab.size(1, 3)]
    naive = {
        "id": NaivePager(postgresql, BY_ID, [UUID(int=0)]),
        "time": NaivePager(postgresql, BY_TIME, [datetime.min.replace(tzinfo=UTC), UUID(int=0)]),
    }
    on_the_horizon = NaivePager(postgresql, BY_HORIZON, [0])
    strangers = Strangers(postgresql, lab.draw)
    async with paging([*pagers, *naive.values()]):
        async with producing(service, ledger, lab.seed), meddling(strangers, lab.size(3, 6)):
            turn = again = 0
            while turn < times or (not again and turn < MORE * times):
                await lab.acknowledged(ledger, each)
                if turn % 2:
                    service.kill()
                    await until_true(partial(_gone, postgresql), "the service has no session any more")
                again += await _crash_right_after_a_look(postgresql, strangers, on_the_horizon)
                if turn % 2:
                    service.start()
                turn += 1
            await lab.acknowledged(ledger, each)
        expected = await _in_order(postgresql)

        def all_seen() -> bool:
            return all(len(pager.ids) >= len(expected[_seen(pager)]) for pager in pagers)

        await until(all_seen, "all have seen all", 60)
    everything = expected["all"]
    connection = await postgresql.connect()
    await on_the_horizon.look(connection)
    await connection.close()
    assert {json.loads(body)["id"] for body in ledger.acknowledged.values()} <= set(everything)
    for pager in pagers:
        assert pager.ids == expected[_seen(pager)], pager.query
        assert pager.restarts > 0, "invalid: it never began anew"
    skipped = {
        name: len(set(everything) - set(reader.ids)) for name, reader in {**naive, "horizon": on_the_horizon}.items()
    }
    assert all(skipped.values()), "invalid: a reader that is known to skip has skipped nothing"
    restarts = sum(pager.restarts for pager in pagers)
    print(
        f"\n{turn} crashes, {len(everything)} signals, {len(pagers)} readers with {restarts} restarts; "
        f"skipped by readers by {skipped}"
    )


async def _gone(postgresql: PostgreSQL) -> bool:
    """The workers of a service that was killed leave a moment later."""
    return not await postgresql.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'signals'")


async def _crash_right_after_a_look(postgresql: PostgreSQL, strangers: Strangers, reader: NaivePager) -> bool:
    """Whether numbers are given out again that the reader takes for read: not where anybody has written after it."""
    async with strangers.quiet():
        connection = await postgresql.connect()
        await strangers.burn(connection, BURNT)
        await reader.look(connection)
        await postgresql.kill()
        connection.terminate()
        postgresql.start(SETTINGS)
        await postgresql.answering()
    next_number = await postgresql.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return int(next_number) < int(reader.place[0])


def _seen(pager: Pager) -> str:
    """Which signals it asks for."""
    if "producer" in pager.query:
        return "of producers"
    return "of strangers" if "instrument" in pager.query else "all"


async def _in_order(postgresql: PostgreSQL) -> dict[str, list[str]]:
    connection = await postgresql.connect()
    try:
        rows = await connection.fetch("SELECT id, instrument FROM signals ORDER BY epoch, xact, id")
    finally:
        await connection.close()
    return {
        "all": [str(row["id"]) for row in rows],
        "of strangers": [str(row["id"]) for row in rows if row["instrument"] == "EURUSD"],
        "of producers": [str(row["id"]) for row in rows if row["instrument"] != "EURUSD"],
    }
