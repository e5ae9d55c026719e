"""The whole application in the process of the tests: the stack of production without its server."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from types import FrameType
from typing import Any

import httpx
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Message
from structlog.typing import EventDict

from service.app import create_app
from service.kernel.limits import Limits
from service.kernel.timestamps import Clock
from service.proof.signing import sign
from service.settings import Settings
from service.telemetry.requests import Tracing

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = "an-example-secret-of-32-bytes-ok"
SIGNALS = "/api/v1/signals"
LIMITS = Limits(clock_away_seconds=inf)
"""The clock of tests stands still, which is nothing to be told of."""
PATIENT = replace(LIMITS, token_seconds=20, quota_answer_seconds=20)
"""On a machine that stands still for longer than a token is good, a repeat costs one."""

JSON = {"Content-Type": "application/json"}


def present() -> datetime:
    """A clock that stands still."""
    return NOW


@asynccontextmanager
async def serving(
    url: str,
    *,
    clock: Clock = present,
    limits: Limits = LIMITS,
    signing: bool = False,
    tracing: Tracing | None = None,
    **settings: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application on the database at `url`, between its start and its end."""
    signed: dict[str, Any] = {"hmac_producer_enabled": signing, "hmac_producer_secret": SECRET if signing else ""}
    given = Settings(_env_file=None, database_url=url, **(signed | settings))
    app = create_app(given, clock=clock, limits=limits, tracing=tracing)
    async with (
        _started(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://signals") as client,
    ):
        yield client


@asynccontextmanager
async def _started(app: ASGIApp) -> AsyncIterator[None]:
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    # A server sets its own handlers before it starts the application. These stop nothing.
    handlers = {number: signal.signal(number, _stay) for number in (signal.SIGTERM, signal.SIGINT)}
    lifespan = asyncio.create_task(_run(app, to_app, from_app))
    try:
        await to_app.put({"type": "lifespan.startup"})
        assert (await from_app.get())["type"] == "lifespan.startup.complete"
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await lifespan
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert from_app.get_nowait()["type"] == "lifespan.shutdown.complete"


def _stay(_: int, __: FrameType | None) -> None:
    return


async def _run(app: ASGIApp, to_app: asyncio.Queue[Message], from_app: asyncio.Queue[Message]) -> None:
    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, to_app.get, from_app.put)


def of_requests(lines: Sequence[EventDict]) -> list[EventDict]:
    """The lines about requests, without those about work that goes on meanwhile."""
    meanwhile = {
        "The clock of the database is away from the service's",
        "Background work failed",
        "Signals lie outside of all months: a clock was wrong",
    }
    return [line for line in lines if line["event"] not in meanwhile]


def signal_body(**changes: Any) -> bytes:
    """The body of a valid signal but for the given fields."""
    return json.dumps({"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", **changes}).encode()


def signing_headers(
    body: bytes, *, producer_id: str = "alpha", moment: datetime = NOW, secret: str = SECRET
) -> dict[str, str]:
    """The headers of a request that is signed with a secret."""
    timestamp = moment.isoformat()
    return {
        **JSON,
        "X-Producer-Id": producer_id,
        "X-Timestamp": timestamp,
        "X-Signature": sign(secret.encode(), body, timestamp, producer_id),
    }


def figure(name: str, **labels: str) -> float:
    """What a metric of this process stands at."""
    return REGISTRY.get_sample_value(name, labels) or 0
