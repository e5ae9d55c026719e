"""Who a proxy says that it speaks for is believed only if the proxy is one of the configured ones.

Seen red when uvicorn trusted every proxy (`forwarded_allow_ips="*"`), with `proxy_headers` always off, and when the
address was logged uncut.
"""

from collections.abc import Iterator, Mapping

import pytest

from tests.hostile.requests import POST, health
from tests.hostile.wire import Wire
from tests.running.log_lines import LogLine
from tests.running.service_process import ServiceProcess
from tests.speaking.exchange import Answer

FORGED = (
    b"X-Forwarded-For: 203.0.113.7",
    b"X-Forwarded-Proto: https",
    b"X-Forwarded-Host: elsewhere.example",
    b"X-Forwarded-Port: 1",
    b"X-Real-IP: 203.0.113.7",
    b"Forwarded: for=203.0.113.7;proto=https;host=elsewhere.example",
)

CHAINS = {
    "the client": (b"203.0.113.7", "203.0.113.7"),
    "the client and its port": (b"203.0.113.7:4711", "203.0.113.7"),
    "the client in IPv6": (b"[2001:db8::7]:4711", "2001:db8::7"),
    "what the client forged, and then the client": (b"198.51.100.1, 203.0.113.7", "203.0.113.7"),
    "the client, and then another trusted proxy": (b"203.0.113.7, 10.1.2.3", "203.0.113.7"),
}

MALFORMED = {
    "nothing": b"",
    "commas": b",,,",
    "words": b"for the benefit of Mr. Kite",
    "JSON": b'", "level": "error", "x": "',
    "escapes": rb"\n\u000a%0a{0}%s",
    "bytes that are no ASCII": b"\xff\xfe\xc3\xa9",
    "half an address": b"[2001:db8::7",
    "a port that is none": b"203.0.113.7:99999999999999999999",
    "a long one": b"1" * 5_000,
    "many": b"10.1.2.3, " * 500,
}


@pytest.fixture(scope="module")
def behind_proxies(impatience: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that believes the proxies on this machine and in a network."""
    settings = {**impatience, "SIGNALS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}
    running = ServiceProcess(tmp_path_factory.mktemp("service"), settings)
    running.wait_until_alive()
    yield running
    running.stop()


def ask(service: ServiceProcess, *headers: bytes) -> tuple[Answer, LogLine]:
    """The answer to a request with these headers, and its closing line."""
    with Wire(service) as wire:
        answer = wire.send(health(*headers)).next_answer()
    return answer, service.log.about(answer.request_id, 0)[-1]


def test_forwarded_headers_from_anybody_change_nothing(service: ServiceProcess) -> None:
    plain, plain_line = ask(service)
    answer, line = ask(service, *FORGED)
    assert (answer.status, answer.headers.keys()) == (plain.status, plain.headers.keys())
    assert answer.json().keys() == plain.json().keys()
    own = {"timestamp", "duration_ms", "request_id"}
    assert {k: v for k, v in line.items() if k not in own} == {k: v for k, v in plain_line.items() if k not in own}
    assert line["client"] == "127.0.0.1"


@pytest.mark.parametrize(("chain", "client"), CHAINS.values(), ids=CHAINS.keys())
def test_a_trusted_proxy_tells_who_the_client_is(behind_proxies: ServiceProcess, chain: bytes, client: str) -> None:
    answer, line = ask(behind_proxies, b"X-Forwarded-For: " + chain)
    assert (answer.status, line["client"]) == (200, client)


def test_it_tells_nothing_else(behind_proxies: ServiceProcess) -> None:
    answer, line = ask(behind_proxies, *FORGED[1:])
    assert (answer.status, line["client"]) == (200, "127.0.0.1")
    assert "elsewhere.example" not in str([answer, line])


@pytest.mark.parametrize("chain", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_chain_that_cannot_be_read_does_no_harm(behind_proxies: ServiceProcess, chain: bytes) -> None:
    """A line of the log stays one line, and short: `about` parses it, and the fixture checks all lines at the end."""
    answer, line = ask(behind_proxies, b"X-Forwarded-For: " + chain)
    assert (answer.status, line["level"], line["path"]) == (200, "info", "/api/v1/health")
    assert len(line["client"]) <= 45


def test_a_refusal_behind_a_proxy_tells_the_client_too(behind_proxies: ServiceProcess) -> None:
    with Wire(behind_proxies) as wire:
        wire.send(POST + b"X-Forwarded-For: 203.0.113.7\r\nContent-Length: 2\r\n\r\n[]")
        answer = wire.next_answer()
    assert answer.status == 422
    assert behind_proxies.log.about(answer.request_id, 0)[-1]["client"] == "203.0.113.7"
