"""Floods over one connection: they cost no memory, are answered as documented, and the next producer is served.

Seen red without the limit on the head, without the one on the whole request, and when requests were read ahead of
the answers.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from tests.hostile.costs import FLOOD_BYTES, MEMORY_BYTES, forget_peak, linux_only, peak
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import CHUNKED, HEALTH, POST, claiming, health
from tests.hostile.wire import Wire
from tests.observing.contract import check_created
from tests.running.deployment import Deployment
from tests.running.service_process import ServiceProcess
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer

FLOODS = {
    "one header": (health()[:-2] + b"X-Note: ", b"x", "headers_too_large"),
    "many headers": (health()[:-2], b"A: b\r\n", "headers_too_large"),
    "a URL": (b"GET /", b"x", "headers_too_large"),
    "empty lines": (b"", b"\r\n", "headers_too_large"),
    "spaces before a value": (health()[:-2] + b"X-Note:", b" ", "headers_too_large"),
    "a chunk": (CHUNKED + b"fffffff\r\n", b"x", "body_too_large"),
    "chunks of one byte": (CHUNKED, b"1\r\n \r\n", "body_too_large"),
    "an extension of a chunk": (CHUNKED + b"1;", b"x", "body_too_large"),
    "leading zeros of a chunk size": (CHUNKED, b"0", "body_too_large"),
    "trailers": (CHUNKED + b"0\r\n", b"A: b\r\n", "body_too_large"),
    "a body of declared length": (POST + b"Content-Length: 999999999\r\n\r\n", b"x", "body_too_large"),
}

LARGE = health(b"X-Note: " + b"x" * 16_000)


@pytest.fixture
def service(deployment: Deployment) -> ServiceProcess:
    """A service with a database that demands signatures."""
    deployment.demand_signing(on=True)
    return deployment.service


@contextmanager
def costing_no_memory(service: ServiceProcess) -> Iterator[None]:
    """What happens meanwhile must not make the process grow."""
    forget_peak(service)
    before = peak(service)
    yield
    growth = peak(service) - before
    print(f"{growth / 1e6:.1f} MB more resident memory at the peak")
    assert growth < MEMORY_BYTES


def flood(wire: Wire, begin: bytes, unit: bytes) -> None:
    """Send, as long as the service takes it."""
    piece = unit * (1_000_000 // len(unit))
    wire.send(begin)
    with suppress(OSError):
        for _ in range(FLOOD_BYTES // len(piece)):
            wire.send(piece)


@pytest.fixture(autouse=True)
def _the_next_producer_is_served(
    service: ServiceProcess, producer: Producer, conversation: Conversation
) -> Iterator[None]:
    producer.send()
    yield
    producer.fresh().send()
    for answer in conversation.answers:
        check_created(answer)
    assert service.process.poll() is None


@linux_only
@pytest.mark.parametrize(("begin", "unit", "code"), FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_refused_and_costs_no_memory(service: ServiceProcess, begin: bytes, unit: bytes, code: str) -> None:
    with costing_no_memory(service), Wire(service) as wire:
        flood(wire, claiming(begin), unit)
        [answer] = wire.rest()
    check_refused(answer, code)
    check_logged(service, answer, code)


@linux_only
def test_empty_lines_after_a_request_are_limited_too(service: ServiceProcess) -> None:
    with costing_no_memory(service), Wire(service) as wire:
        assert wire.send(HEALTH).next_answer().status == 200
        flood(wire, b"", b"\r\n")
        [answer] = wire.rest()
    check_refused(answer, "headers_too_large")


@linux_only
def test_a_flood_of_requests_is_answered_one_by_one(service: ServiceProcess) -> None:
    number = FLOOD_BYTES // len(LARGE)
    with costing_no_memory(service), Wire(service) as wire:
        sender = Thread(target=wire.send, args=(LARGE * number,))
        sender.start()
        statuses = {wire.next_answer().status for _ in range(number)}
        sender.join()
    assert statuses == {200}
