"""The scenarios behind the proxies that operators are told to put before the service.

With PROXIES=full, as in `make test-proxies`, all of them are run that can be judged from outside.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.hostile.requests import signal_body, signed
from tests.running.front import PROXIES, proxy_before
from tests.running.postgres import PostgresServer
from tests.running.pytest_run import run_pytest
from tests.running.service_process import ServiceProcess
from tests.speaking.exchange import BATCH, exchange
from tests.speaking.outside import DIRECT
from tests.speaking.payloads import payload_of
from tests.speaking.test_outside import GIVEN_SECRET, outcomes

FULL = os.environ.get("PROXIES") == "full"
SHORT = "AC-01 or AC-07 or AC-20 or AC-21 or AC-29"
"""Criteria about what a proxy might touch: the body and its size, statuses, paths, resends."""


@pytest.fixture(scope="module")
def service(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that demands signatures, and believes the proxy about the addresses of its clients."""
    database = postgres.create()
    settings = {
        "HMAC_PRODUCER_ENABLED": "true",
        "HMAC_PRODUCER_SECRET": GIVEN_SECRET,
        "DATABASE_URL": database.url,
        "SIGNALS_TRUSTED_PROXIES": "127.0.0.1",
    }
    service = ServiceProcess(tmp_path_factory.mktemp("service"), settings)
    service.wait_until_ready()
    yield service
    service.stop()
    database.close()


@pytest.fixture(params=PROXIES)
def proxied(request: pytest.FixtureRequest, service: ServiceProcess, tmp_path: Path) -> Iterator[str]:
    """The address of a proxy before the service."""
    with proxy_before(service.url, request.param, tmp_path) as url:
        yield url


def test_the_scenarios_hold_behind_it(proxied: str, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    given = {"SIGNALS_BASE_URL": proxied, "HMAC_PRODUCER_SECRET": GIVEN_SECRET, "BEHIND_PROXY": "1"}
    which = "not inside" if FULL else f"({SHORT}) and not inside"
    run = run_pytest(given, "tests/test_features.py", "-m", which, "--junitxml", str(report))
    assert run.returncode == 0, run.stdout
    told = outcomes(report)
    assert told["passed", ""] > (500 if FULL else 90)
    assert told["skipped", DIRECT] > 0


@pytest.mark.skipif(not FULL, reason="takes a minute: PROXIES=full")
def test_what_is_tagged_as_direct_is_changed_by_a_proxy(service: ServiceProcess, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    with proxy_before(service.url, "nginx", tmp_path) as url:
        given = {"SIGNALS_BASE_URL": url, "HMAC_PRODUCER_SECRET": GIVEN_SECRET, "BEHIND_PROXY": ""}
        run_pytest(given, "tests/test_features.py", "-m", "direct", "--junitxml", str(report))
    ends = {end for end, _ in outcomes(report)}
    assert ends
    assert ends <= {"failure", "error"}


def test_the_metrics_stay_inside(proxied: str) -> None:
    for path in ("/metrics", "//metrics", "/%6detrics", "/metrics/", "/metrics?x", "/./metrics"):
        assert httpx.get(proxied + path).status_code == 404


def test_the_largest_batch_passes_it_and_the_service_refuses_one_byte_more(proxied: str) -> None:
    items = b",".join([signal_body(payload=payload_of(32_768))] * 127)
    largest = (b'{"signals":[%b]}' % items).ljust(4_194_304)
    with httpx.Client() as client:
        requests = [signed(body, secret=GIVEN_SECRET.encode()) for body in (largest, largest + b" ")]
        answers = [exchange(client, proxied, replace(request, path=BATCH)).answer for request in requests]
    assert [answer.label for answer in answers] == ["201", "413 body_too_large"]


def test_the_service_sees_who_asks_behind_it(proxied: str, service: ServiceProcess) -> None:
    asked = {"X-Request-Id": f"proxied-{proxied.rpartition(':')[2]}", "X-Forwarded-For": "192.0.2.7"}
    httpx.get(f"{proxied}/api/v1/health", headers=asked)
    [line] = service.log.about(asked["X-Request-Id"], 0)
    assert line["client"] == "192.0.2.7"
