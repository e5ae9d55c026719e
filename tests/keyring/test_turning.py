"""The sealing key is turned while two processes of the service run, as the documents say: no signal is refused."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count

import httpx
import pytest

from service.keyring.sealing import SealingKeys
from service.notation.sealing_keys import new_sealing_key, parse_sealing_keys
from service.postgres.orm import orm
from service.producers import keys
from tests.running.application import SIGNALS, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.waiting import until_true

pytestmark = pytest.mark.anyio

OLD, NEW = new_sealing_key(), new_sealing_key()
BY = "tests"


class Processes:
    """Two processes on one database, each with sealing keys of its own."""

    def __init__(self, database: Database) -> None:
        self._url = database.url
        self._ends = [AsyncExitStack(), AsyncExitStack()]
        self._clients: dict[int, httpx.AsyncClient] = {}
        self._versions = count(1)

    async def restart(self, number: int, sealing_keys: str) -> None:
        """Stop one of them, and start it again with these sealing keys."""
        await self._ends[number].aclose()
        app = serving(self._url, signing=True, hmac_producer_secret="", signals_sealing_keys=sealing_keys)
        self._clients[number] = await self._ends[number].enter_async_context(app)

    async def take(self, secret: str) -> bool:
        """Whether both take a signal that is signed with a secret of the producer."""
        return {await self._status(client, secret) for client in self._clients.values()} == {201}

    async def _status(self, client: httpx.AsyncClient, secret: str) -> int:
        body = signal_body(version=next(self._versions))
        return (await client.post(SIGNALS, content=body, headers=signing_headers(body, secret=secret))).status_code

    async def stop(self) -> None:
        """Stop both."""
        for end in self._ends:
            await end.aclose()


@pytest.fixture(name="processes")
async def _processes(database: Database) -> AsyncIterator[Processes]:
    # They do not end in the opposite order of their beginnings, so that none knows the handlers that there were.
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    running = Processes(database)
    yield running
    await running.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def test_the_sealing_key_is_turned_and_no_signal_is_refused(database: Database, processes: Processes) -> None:
    """After each restart both take what is signed with each key, also with one that is made then, wherever the operator
    has the sealing keys from."""
    steps = [OLD, f"{OLD},{NEW}", f"{NEW},{OLD}", NEW]
    async with orm(database.url):
        first = await keys.add_producer(BY, SealingKeys(parse_sealing_keys(OLD)), "alpha")
        assert first is not None
        for before, now in zip([OLD, *steps], steps, strict=False):
            for number in (0, 1):
                await processes.restart(number, now)
                if not number:
                    await processes.restart(1, before)
                for each in (before, now):
                    made = await keys.add(BY, SealingKeys(parse_sealing_keys(each)), "alpha")
                    await until_true(lambda made=made: processes.take(made.secret), "both know the new key", 2)  # type: ignore[misc]
                    assert await processes.take(first.secret)
                    await keys.revoke(BY, made.key_id)
            if now == f"{NEW},{OLD}":
                await keys.reseal(BY, SealingKeys(parse_sealing_keys(now)))
    assert await processes.take(first.secret)
