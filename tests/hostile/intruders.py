"""Many connections at once on which something is sent that is no honest request."""

import asyncio
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable

from tests.hostile.raw import Ending, RawInput, raw_input
from tests.hostile.seed import SEED
from tests.observing.contract import check_json, check_refusal
from tests.running.service_process import ServiceProcess
from tests.running.waiting import DEADLINE_SECONDS
from tests.speaking.connection import first_answer
from tests.speaking.exchange import Answer

OWN_FAULTS = {"internal_error", "overloaded", "shutting_down"}
"""Codes that say nothing about the client."""


def intrude(service: ServiceProcess, numbers: Iterable[int]) -> Counter[str]:
    """Send the raw inputs with these numbers, all at once, and check what is answered; how often each answer came."""
    return asyncio.run(_intrude(service, numbers))


async def _intrude(service: ServiceProcess, numbers: Iterable[int]) -> Counter[str]:
    outcomes = await asyncio.gather(*(_try(service, number) for number in numbers))
    return sum(outcomes, Counter())


async def _try(service: ServiceProcess, number: int) -> Counter[str]:
    raw = raw_input(number)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            answers = await _answers(service, raw)
        labels = [_check(answer) for answer in answers]
    except Exception as failure:
        failure.add_note(f"HOSTILE_SEED={SEED}, raw input {number}: {raw.title}, then the client {raw.ending.value}")
        failure.add_note(repr([piece[:2000] for piece in raw.pieces]))
        raise
    return Counter(labels or ["none"])


def _check(answer: Answer) -> str:
    if answer.status == 100:
        return "100"
    if answer.status == 200:
        check_json(answer)
        return "200"
    assert answer.status != 201, "what was hidden is stored"
    code = answer.json()["code"]
    assert code not in OWN_FAULTS
    check_refusal(answer, code)
    return answer.label


async def _answers(service: ServiceProcess, raw: RawInput) -> list[Answer]:
    """All that is answered until the service hangs up, or the client does."""
    loop = asyncio.get_running_loop()
    started = time.monotonic()
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(connection, ("127.0.0.1", service.port))
        listening = asyncio.create_task(_listen(connection))
        await _send(connection, raw)
        if raw.ending in {Ending.HANGS_UP, Ending.RESETS}:
            listening.cancel()
            await asyncio.wait([listening])
            return []
        received = await listening
    answers = []
    while (found := first_answer(received, time.monotonic() - started)) is not None:
        answer, received = found
        answers.append(answer)
    return answers


async def _send(connection: socket.socket, raw: RawInput) -> None:
    """Send as much as the service takes."""
    loop = asyncio.get_running_loop()
    try:
        for piece in raw.pieces:
            await loop.sock_sendall(connection, piece)
        if raw.ending is Ending.FINISHES:
            connection.shutdown(socket.SHUT_WR)
        elif raw.ending is Ending.RESETS:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        return


async def _listen(connection: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    try:
        while data := await loop.sock_recv(connection, 65536):
            received += data
    except OSError:
        return received
    return received
