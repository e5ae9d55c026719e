"""Readers that ask for one page after the other, as dashboards do. They take from standbys while these will do."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import httpx

from tests.cluster.layout import SERVICES, Layout

PAUSE_SECONDS = 0.2
PATIENCE_SECONDS = 10.0

_OF_STANDBYS = 'signals_standby_reads_total{result="read"} '


class Pager:
    """One reader, with its filter. `ids` are the signals that it has seen, in its order."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.ids: list[str] = []
        self._query = dict(query)

    async def read(self, client: httpx.AsyncClient) -> None:
        """Read for ever. Ends when it is told anything but to come again: that its place is not known, above all."""
        while True:
            with suppress(httpx.HTTPError):
                answer = await client.get("/api/v1/feed", params={"limit": "1000", **self._query})
                assert answer.status_code == 200 or answer.is_server_error, answer.text
                if answer.status_code == 200:
                    page = answer.json()
                    self.ids += [event["signal"]["id"] for event in page["events"]]
                    self._query["after"] = page["cursor"]
            await asyncio.sleep(PAUSE_SECONDS)


@asynccontextmanager
async def paging(address: str, queries: Sequence[Mapping[str, str]]) -> AsyncIterator[Sequence[Pager]]:
    """Readers at work; they are sent away at the end."""
    pagers = [Pager(query) for query in queries]
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS) as client:
        tasks = [asyncio.create_task(pager.read(client)) for pager in pagers]
        try:
            yield pagers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def pages_of_standbys(layout: Layout) -> int:
    """How many pages the services that run now have taken from standbys."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        told = [await client.get(f"{layout.service(name)}/metrics") for name in SERVICES]
    lines = [line for each in told for line in each.text.splitlines() if line.startswith(_OF_STANDBYS)]
    return sum(int(float(line.removeprefix(_OF_STANDBYS))) for line in lines)
