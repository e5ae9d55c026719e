"""What a token opens: the routes that read, before anything else is looked at, and for as long as it is good."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr
from starlette.routing import Route, Router

from service.app import create_app
from service.http.request_context import RequestContext
from service.kernel.timestamps import utc_now
from service.lifecycle.guards import TokenOrSignature
from service.readers.authentication import OpenReading, ReaderAuthentication
from service.readers.scope import Scope
from service.settings import Settings
from tests.readers.known import add, revoke, rotate
from tests.running.application import JSON, LIMITS, figure, serving, signal_body
from tests.running.postgres import Database
from tests.running.waiting import until

pytestmark = pytest.mark.anyio

FEED, INSTRUMENTS = "/api/v1/feed", "/api/v1/instruments"
ANYBODYS = {
    "/api/v1/health",
    "/api/v1/ready",
    "/api/v1/ready/feed",
    "/api/v1/version",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/errors",
}
PAGES = ("/docs", "/board")
INVENTED = "signals_reader_x"


def bearing(token: str) -> dict[str, str]:
    """The header with a token."""
    return {"Authorization": f"Bearer {token}"}


def guards(**settings: str) -> dict[str, list[object]]:
    """The guards of each route that gives something out, in their order."""
    given = {"_env_file": None, "database_url": SecretStr("postgresql://nowhere/none"), **settings}
    app = create_app(Settings(**given))  # type: ignore[arg-type]
    assert isinstance(app, RequestContext)
    assert isinstance(app.app, Router)
    routes = [route for route in app.app.routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    return {route.path: _chain(route.app) for route in routes}


def _chain(app: object) -> list[object]:
    inner = getattr(app, "app", None)
    return [type(app), *([] if inner is None else _chain(inner))]


def _first(chain: list[object]) -> object:
    """Where a producer may show a signature, who shows none is asked as everywhere."""
    return next(kind for kind in chain if kind is not TokenOrSignature)


@pytest.mark.parametrize(("readers", "guard"), [("tokens", ReaderAuthentication), ("open", OpenReading)])
def test_every_route_that_gives_signals_out_asks_first_who_reads(readers: str, guard: type) -> None:
    asked = {path for path, chain in guards(signals_readers=readers).items() if guard in chain}
    first = {path for path, chain in guards(signals_readers=readers).items() if _first(chain) is guard}
    others = {path for path in guards() if path in ANYBODYS or path.startswith(PAGES)}
    assert asked == first == guards().keys() - others
    assert {FEED, "/api/v1/signals/{id}", "/api/v1/instruments"} <= asked


@pytest.mark.parametrize(
    ("method", "path", "token", "status", "code"),
    [
        ("GET", "/api/v1/feeds?limit=0", None, 404, "not_found"),
        ("POST", f"{FEED}?limit=0", None, 405, "method_not_allowed"),
        ("GET", f"{FEED}?limit=0&after=x", None, 401, "token_missing"),
        ("GET", f"{FEED}?limit=0&after=x", INVENTED, 401, "token_invalid"),
        ("GET", f"{FEED}?limit=0&after=x", "good", 422, "validation_failed"),
        ("GET", f"{FEED}?after=x", "good", 400, "cursor_invalid"),
        ("GET", FEED, "good", 200, None),
        ("GET", "/api/v1/signals/no-id", None, 401, "token_missing"),
        ("GET", "/api/v1/signals/no-id", "good", 404, "not_found"),
        ("GET", "/api/v1/instruments?limit=0", INVENTED, 401, "token_invalid"),
        ("GET", "/api/v1/instruments?limit=0", "good", 422, "validation_failed"),
    ],
)
async def test_of_several_faults_the_earlier_check_tells(
    database: Database, method: str, path: str, token: str | None, status: int, code: str | None
) -> None:
    good = await add(database)
    headers = {} if token is None else bearing(good if token == "good" else token)
    async with serving(database.url) as client:
        answer = await client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_a_body_is_not_read_for_who_is_not_known(database: Database) -> None:
    async with serving(database.url) as client:
        answer = await client.request("GET", FEED, content=b"x")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


async def test_who_waits_is_let_go_within_two_seconds_of_being_revoked(database: Database) -> None:
    token, other = await add(database), await add(database, "beta")
    async with serving(database.url) as client:
        waiting = [asyncio.create_task(_wait(client, each)) for each in (token, other)]
        await until(lambda: figure("signals_streams") == 2, "both wait")
        started = time.monotonic()
        await revoke(database)
        answer = await asyncio.wait_for(waiting[0], 10)
        assert time.monotonic() - started < 2
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
        assert not waiting[1].done()
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _wait(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.get(f"{FEED}?wait=30", headers=bearing(token), timeout=40)


async def test_a_reader_that_pages_while_its_token_is_replaced_is_never_refused(database: Database) -> None:
    """It takes each new token a moment after it was made, as long as the one before is good."""
    token, statuses = await add(database), set()
    async with serving(database.url, clock=utc_now) as client:
        for _ in range(5):
            newer = asyncio.create_task(rotate(database, timedelta(minutes=1)))
            while not newer.done():
                statuses.add((await client.get(FEED, headers=bearing(token))).status_code)
                await asyncio.sleep(0)
            await until_let_in(client, newer.result())
            statuses.add((await client.get(FEED, headers=bearing(token))).status_code)
            token = newer.result()
    assert statuses == {200}


async def until_let_in(client: httpx.AsyncClient, token: str) -> None:
    """A command returns after a second; here only the change was made."""
    deadline = time.monotonic() + 1
    while (await client.get(FEED, headers=bearing(token))).status_code != 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_cursor_of_a_reader_that_sees_more_shows_no_more(database: Database) -> None:
    """And what is out of scope changes nothing in an answer but the cursor, which is opaque."""
    wide, narrow = await add(database), await add(database, "beta", Scope(("XAU*",)))
    async with serving(database.url, clock=utc_now, limits=replace(LIMITS, survey_seconds=0.05)) as client:
        before = (await client.get(FEED, headers=bearing(narrow))).json()
        for instrument in ("EURUSD", "XAUUSD", "GBPUSD"):
            await client.post("/api/v1/signals", headers=JSON, content=signal_body(instrument=instrument))
        await until_shown(client, wide, FEED, "events")
        await until_shown(client, wide, INSTRUMENTS, "instruments")
        page = (await client.get(f"{FEED}?limit=1", headers=bearing(wide))).json()
        shown = (await client.get(f"{FEED}?after={page['cursor']}", headers=bearing(narrow))).json()
        assert [event["signal"]["instrument"] for event in shown["events"]] == ["XAUUSD"]
        rest = (await client.get(f"{FEED}?after={shown['cursor']}", headers=bearing(narrow))).json()
        known = (await client.get(INSTRUMENTS, headers=bearing(narrow))).json()["instruments"]
    assert {**rest, "cursor": "", "complete_until": ""} == {**before, "cursor": "", "complete_until": ""}
    assert [each["instrument"] for each in known] == ["XAUUSD"]


async def until_shown(client: httpx.AsyncClient, token: str, path: str, what: str) -> None:
    """All three of what was stored are there."""
    deadline = time.monotonic() + 5
    while len((await client.get(path, headers=bearing(token))).json()[what]) < 3:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
