"""What readers are told who are sent to a standby: all that was confirmed, nothing else, and never less than before."""

import asyncio
from dataclasses import replace
from datetime import datetime

import httpx
import pytest
from structlog.typing import EventDict

from service.feed import Position
from service.feed.statement import Asked, is_behind, look, newest
from service.lives.snapshot import snapshot
from service.survey.survey import SURVEY_LOCK
from tests.reading.reader import FEED, all_read, everything, page, reading
from tests.running.application import JSON, SIGNALS, figure, signal_body
from tests.running.proxy import database_proxy
from tests.running.waiting import until_true
from tests.standbys.servers import QUICK, READY, Servers, reads, store, until_told

pytestmark = pytest.mark.anyio

SHORT = replace(QUICK, connect_seconds=0.9, command_seconds=1.0, answer_seconds=2.2)
"""Signals are not waited for longer than that whose standby is away."""


async def test_pages_and_instruments_come_from_the_standby(servers: Servers) -> None:
    """Red when they are read from the primary."""
    async with servers.serving() as client:
        ids = [await store(client) for _ in range(3)]
        assert await all_read(client, 3) == ids
        before = reads("read")

        async def both() -> bool:
            assert len((await page(client))["events"]) == 3
            assert (await client.get("/api/v1/instruments")).json()["instruments"][0]["instrument"] == "XAUUSD"
            return reads("read") >= before + 2

        await until_true(both, "both are read from the standby")


async def test_a_signal_and_what_is_waited_for_come_from_the_primary(servers: Servers) -> None:
    async with servers.serving(signals_read_lag_seconds=3600) as client:
        cursor = (await page(client))["cursor"]
        await servers.read.lag()
        waiting = asyncio.create_task(page(client, after=cursor, wait=20))
        id = await store(client)
        assert (await client.get(f"{SIGNALS}/{id}")).status_code == 200
        assert [event["signal"]["id"] for event in (await waiting)["events"]] == [id]


async def test_what_is_still_open_is_asked_of_the_primary(servers: Servers) -> None:
    """The state of a signal is no place in the order: a standby may know of a closing that nobody has confirmed, or not
    yet of one that everybody has."""
    async with servers.serving(signals_read_lag_seconds=3600) as client:
        id = await store(client)
        assert await all_read(client, 1) == [id]
        await servers.read.lag()
        await servers.primary.execute(f"UPDATE signals SET status = 2, state_version = 1 WHERE id = '{id}'")
        assert (await page(client, live="true"))["events"] == []


async def test_a_page_is_complete_up_to_what_the_standby_has(servers: Servers) -> None:
    """Red when the time of the standby is told: what was acknowledged before it is not there yet."""
    async with servers.serving(signals_read_lag_seconds=3600) as client:
        await servers.read.lag()
        id = await store(client)
        stored = datetime.fromisoformat((await client.get(f"{SIGNALS}/{id}")).json()["created_at"])
        given = await page(client)
        assert given["events"] == []
        assert datetime.fromisoformat(given["complete_until"]) < stored


async def test_a_standby_that_has_nothing_to_do_does_not_lag(servers: Servers) -> None:
    async with servers.serving() as client:
        beats = await servers.primary.value("SELECT at FROM survey")

        async def three_seconds_later() -> bool:
            return bool(await servers.read.value(f"SELECT at > '{beats}'::timestamptz + interval '3 s' FROM survey"))

        await until_true(three_seconds_later, "the heart has beaten")
        assert (await client.get(READY)).json() == {
            "ready": True,
            "dependencies": {"db": "connected", "standby": "connected"},
        }
        assert figure("signals_standby_lag_seconds") < 2


async def test_a_standby_that_lags_is_left_and_comes_back(servers: Servers, log_lines: list[EventDict]) -> None:
    async with servers.serving(signals_read_lag_seconds=2) as client:
        await servers.read.lag()
        id = await store(client)
        await until_told(client, "lags")
        assert figure("signals_standby_lag_seconds") > 1
        assert (await client.get(READY)).status_code == 200
        before = reads("lags")
        assert await all_read(client, 1) == [id]
        assert reads("lags") > before
        await servers.read.keep_up()
        await until_told(client, "connected")
        before = reads("read")
        assert await all_read(client, 1) == [id]
        assert reads("read") > before
    told = [line for line in log_lines if line["event"].startswith("Standby is")]
    reasons = [(line["event"], line.get("reason")) for line in told]
    assert reasons[0] == reasons[-1] == ("Standby is read", None)
    assert ("Standby is not read", "lags") in reasons


async def test_a_standby_that_has_died_is_left_and_comes_back(servers: Servers) -> None:
    async with servers.serving() as client:
        id = await store(client)
        assert await all_read(client, 1) == [id]
        await servers.read.kill()
        assert (await page(client))["events"] != []
        await until_told(client, "not reachable")
        servers.read.follow()
        await until_told(client, "connected")
        before = reads("read")
        assert await all_read(client, 1) == [id]
        assert reads("read") > before


async def test_a_cursor_that_the_standby_has_not_come_to_is_asked_of_the_primary(servers: Servers) -> None:
    """And where that is away nobody says that it is ahead of the store."""
    async with (
        database_proxy(servers.primary.url) as proxy,
        servers.serving(url=proxy.url, limits=SHORT, signals_read_lag_seconds=3600) as client,
    ):
        await servers.read.lag()
        first, last = await store(client), await store(client)
        assert await all_read(client, 2, wait=10) == [first, last]
        given = await page(client, wait=10)
        before = reads("behind")
        again = await page(client, after=given["cursor"])
        assert (again["events"], again["cursor"]) == ([], given["cursor"])
        assert reads("behind") > before
        await proxy.cut()
        refused = await client.get(FEED, params={"after": given["cursor"]})
        assert (refused.status_code, refused.json()["code"]) == (503, "feed_unavailable")
        assert "retry-after" in refused.headers


async def test_pages_alternate_between_servers_and_nothing_is_skipped_or_repeated(servers: Servers) -> None:
    async with servers.serving(limits=SHORT, signals_read_lag_seconds=3600) as client:
        sent: list[str] = []
        seen: list[str] = []
        cursor = ""
        for turn in range(6):
            await (servers.read.keep_up() if turn % 2 else servers.read.lag())
            sent += [await store(client) for _ in range(3)]
            for latest in (False, True, False):
                given = await page(client, limit=2, **({"after": cursor} if cursor else {}), wait=1 if latest else 0)
                seen += [event["signal"]["id"] for event in given["events"]]
                assert not cursor or Position.parse(given["cursor"]) >= Position.parse(cursor)
                cursor = given["cursor"]
        await servers.read.keep_up()

        async def all_seen() -> bool:
            nonlocal cursor
            ids, cursor = await everything(client, after=cursor)
            seen.extend(ids)
            return len(seen) >= len(sent)

        await until_true(all_seen, "all are seen")
        assert seen == sent


async def test_what_nobody_has_confirmed_is_not_shown_and_is_no_place_to_go_on_from(servers: Servers) -> None:
    """The standby that is read is ahead of the one that takes over, whose transactions have the same numbers again.

    Red when the feed of a standby ends with what it has: the signal is shown and then gone, and the place after
    it is behind signals to come.
    """
    async with (
        database_proxy(servers.primary.url) as proxy,
        servers.serving(url=proxy.url, limits=SHORT) as client,
    ):
        id = await store(client)
        assert await all_read(client, 1) == [id]
        cursor = (await page(client))["cursor"]
        await servers.pair.standby.kill()
        refused = await client.post(SIGNALS, content=signal_body(instrument="UNCONFIRMED"), headers=JSON)
        assert refused.status_code == 500

        async def is_ahead() -> bool:
            return bool(await servers.read.value("SELECT count(*) = 2 FROM signals"))

        await until_true(is_ahead, "the standby has what nobody confirmed")
        before = reads("read")
        for _ in range(3):
            assert (await page(client, after=cursor))["events"] == []
        assert reads("read") > before
        await servers.primary.kill()
        servers.pair.standby.follow()
        await servers.pair.standby.answering()
        await servers.pair.standby.promote()
        proxy.lead_to(servers.pair.standby.url)
        await proxy.disconnect()
        sent = [await _stored_at_last(client) for _ in range(3)]
        shown = await all_read(client, 3, after=cursor)
        assert [id for id in shown if id in sent] == sent
        assert (await page(client, instrument="UNCONFIRMED"))["events"] == []
        await until_told(client, "lags")


async def test_a_query_that_the_standby_cancels_is_asked_of_the_primary(servers: Servers) -> None:
    await servers.read.kill()
    servers.read.follow({"max_standby_streaming_delay": "0"})
    async with servers.serving() as client:
        await store(client)
        await all_read(client, 1)
        before = reads("cancelled")
        connection = await servers.primary.connect()

        async def lock() -> None:
            while True:
                await connection.execute("BEGIN; LOCK TABLE signals IN ACCESS EXCLUSIVE MODE; COMMIT")

        async def cancelled() -> bool:
            given = await asyncio.gather(*(page(client) for _ in range(3)))
            assert all(len(each["events"]) == 1 for each in given)
            return reads("cancelled") > before

        locking = asyncio.create_task(lock())
        try:
            await until_true(cancelled, "the standby has cancelled a query", pause=0)
        finally:
            locking.cancel()
            await asyncio.wait({locking})
            connection.terminate()


async def test_where_nothing_can_be_read_readiness_says_so(servers: Servers) -> None:
    async with (
        database_proxy(servers.primary.url) as proxy,
        servers.serving(url=proxy.url, limits=SHORT) as client,
    ):
        await proxy.cut()
        answer = await client.get(READY)
        told = {"ready": True, "dependencies": {"db": "not readable", "standby": "connected"}}
        assert (answer.status_code, answer.json()) == (200, told)
        assert (await client.get("/api/v1/ready")).status_code == 503
        await servers.read.kill()
        await until_told(client, "not reachable")
        answer = await client.get(READY)
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert "retry-after" in answer.headers


async def _stored_at_last(client: httpx.AsyncClient) -> str:
    """As soon as somebody stores."""
    answers: list[httpx.Response] = []

    async def stored() -> bool:
        answers.append(await client.post(SIGNALS, content=signal_body(), headers=JSON))
        return answers[-1].status_code == 201

    await until_true(stored, "a signal is stored")
    id: str = answers[-1].json()["id"]
    return id


async def test_a_server_that_leads_is_no_standby(servers: Servers) -> None:
    """Red when it is read as one: it has what nobody confirmed, and its sessions are those of who stores."""
    await servers.read.promote()
    async with reading(servers.primary.url, QUICK, database_read_url=servers.read.url) as client:
        await until_told(client, "leads")
        before = reads("leads")
        assert (await page(client))["events"] == []
        assert reads("leads") == before + 1


async def test_a_primary_that_has_been_demoted_does_not_say_that_a_cursor_is_ahead(servers: Servers) -> None:
    """Its sessions may stay, behind a pooler. Red when it takes its own end for that of all."""
    async with reading(f"{servers.read.url}&target_session_attrs=any", QUICK) as demoted, servers.serving() as client:
        await store(client)
        await all_read(client, 1)
        await servers.read.lag()
        await store(client)
        await all_read(client, 2, wait=1)
        cursor = (await page(client, wait=1))["cursor"]
        refused = await demoted.get(FEED, params={"after": cursor})
        assert (refused.status_code, refused.json()["code"]) == (503, "feed_unavailable")


async def test_a_page_during_which_its_server_begins_to_lead_passes_nothing(servers: Servers) -> None:
    """Red when each statement asks anew whether the server follows another one: then the page ends behind what it
    shows, or a place is said to be ahead of the store."""
    async with servers.serving() as client:
        holder = await servers.primary.connect()
        async with holder.transaction():
            await holder.execute(f"SELECT pg_advisory_xact_lock({SURVEY_LOCK})")
            await store(client)
            place = Position(*await holder.fetchrow("SELECT epoch, xact, id FROM signals"))

            async def is_there() -> bool:
                return bool(await servers.read.value("SELECT count(*) = 1 FROM signals"))

            await until_true(is_there, "the standby has it")
        connection = await servers.read.connect()
        async with snapshot(connection):
            page = await look(connection, Asked(rows=10))
            await servers.read.promote()
            assert await newest(connection) == page.position
            assert await is_behind(connection, page.position, place) is None
        await connection.close()
        await holder.close()


async def test_a_survey_that_stands_still_says_nothing_of_a_standby(servers: Servers) -> None:
    """What it shows would stand still too. Red when only those beats are compared that there are."""
    async with servers.serving(signals_read_lag_seconds=2) as client:
        connection = await servers.primary.connect()
        async with connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({SURVEY_LOCK})")
            await until_told(client, "lags")
            id = await store(client)
            assert await all_read(client, 1) == [id]
        await connection.close()
        await until_told(client, "connected")
