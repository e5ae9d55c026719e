"""A reader of the feed, and what it has read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from service.kernel.limits import Limits
from tests.running.application import serving
from tests.running.waiting import until_true

FEED = "/api/v1/feed"
LIMITS = Limits(survey_seconds=0.05, lag_seconds=0.05)

Events = list[dict[str, Any]]


@asynccontextmanager
async def reading(url: str, limits: Limits = LIMITS, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A service that anybody may read."""
    async with serving(url, limits=limits, **{"signals_readers": "open", **settings}) as client:
        yield client


async def page(client: httpx.AsyncClient, path: str = FEED, **query: Any) -> dict[str, Any]:
    """A page that is given."""
    response = await client.get(path, params={name.rstrip("_"): value for name, value in query.items()})
    assert response.status_code == 200, response.text
    content: dict[str, Any] = response.json()
    return content


async def everything(client: httpx.AsyncClient, **query: Any) -> tuple[list[str], str]:
    """The ids of all events from a cursor on, page by page, and the last cursor."""
    ids: list[str] = []
    while True:
        given = await page(client, **query)
        ids += [event["signal"]["id"] for event in given["events"]]
        query["after"] = given["cursor"]
        query.pop("from_", None)
        if not given["more"]:
            return ids, given["cursor"]


async def all_read(client: httpx.AsyncClient, number: int, **query: Any) -> list[str]:
    """The ids of all events, once there are so many: whatever is open elsewhere in the server keeps them back."""
    ids: list[str] = []

    async def enough() -> bool:
        ids[:] = (await everything(client, **dict(query)))[0]
        return len(ids) >= number

    await until_true(enough, f"{number} events")
    return ids
