"""Decisions while the service is killed: each is made once, and whoever repeats it is told the same."""

import asyncio
from collections import Counter

import httpx
import pytest

from service.postgres.orm import orm
from service.readers import registry
from service.readers.scope import APPROVE, Scope
from tests.reliability.lab import Lab
from tests.reliability.serving import Service
from tests.running import confidential
from tests.running.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio

STORE = """
INSERT INTO signals (id, instrument, side, time)
SELECT gen_random_uuid(), 'XAUUSD', 0, now() FROM generate_series(1, {})
"""
DESKS = 8
PAUSE_SECONDS = 0.05


async def decided(client: httpx.AsyncClient, url: str, status: int) -> int:
    """Decide about a signal that was seen new, again and again until there is an answer; its status."""
    reason = {"reason": "no"} if status == 2 else {}
    while True:
        try:
            answer = await client.post(url, json={"status": status, **reason}, headers={"If-Match": '"0"'})
        except httpx.TransportError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if answer.status_code < 500 and answer.status_code != 401:  # a moment after it was made nobody knows a token
            return answer.status_code
        await asyncio.sleep(PAUSE_SECONDS)


async def kill_and_start(lab: Lab, service: Service, times: int) -> None:
    """Kill the service now and then."""
    for _ in range(times):
        await lab.pause(1.0)
        service.kill()
        service.start()


async def test_service_is_killed_while_signals_are_approved_and_rejected(lab: Lab) -> None:
    """Red when a repeat is judged as a decision of its own: it is 412, though it was the first."""
    times, signals = lab.size(1, 20), lab.size(300, 10_000)
    postgresql = await lab.postgresql()
    service = await lab.service(postgresql.url, signing=False, SIGNALS_READERS="tokens")
    tokens = []
    async with orm(postgresql.url):
        for name in ("anna", "bert"):
            tokens.append((await registry.add("somebody", name, Scope(), [APPROVE])).token or "")
    for token in tokens:
        confidential.note_token(token)
    await postgresql.execute(STORE.format(signals))
    ids = await postgresql.value("SELECT array_agg(id::text) FROM signals")
    outcomes: Counter[tuple[int, int]] = Counter()
    queue = iter(ids)

    async def desk(clients: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
        for signal in queue:
            url = f"http://127.0.0.1:{service.port}/api/v1/signals/{signal}/status"
            answers = await asyncio.gather(decided(clients[0], url, 1), decided(clients[1], url, 2))
            outcomes[answers[0], answers[1]] += 1

    approving, rejecting = (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE_SECONDS) for token in tokens
    )
    async with approving, rejecting:
        await asyncio.gather(kill_and_start(lab, service, times), *(desk((approving, rejecting)) for _ in range(DESKS)))
    assert outcomes.keys() <= {(200, 412), (412, 200)}
    assert outcomes.total() == signals
    told = "SELECT count(*) FROM transitions JOIN signals ON signals.id = signal_id AND status = to_status"
    assert await postgresql.value(told) == await postgresql.value("SELECT count(*) FROM transitions") == signals
    assert await postgresql.value("SELECT count(*) FROM audit WHERE command = 'status'") == signals
    queued = await postgresql.value("SELECT count(*) FROM signals WHERE status = 1")
    assert queued == outcomes[200, 412]
