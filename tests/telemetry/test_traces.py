"""Traces, as a collector receives them.

Seen red: with the headers of strangers obeyed, with a commit that named one request alone, with a part for whatever a
stream is told, and with an end that waited for the collector.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NoReturn

import pytest

from service.intake import commits
from service.kernel.limits import Limits
from service.readers.scope import Scope
from service.settings import Settings, SettingsError
from service.telemetry import tracing
from service.telemetry.requests import Tracing
from tests.observing.collector import Part, parts
from tests.observing.receiver import Receiver
from tests.readers import known
from tests.running.application import JSON, SIGNALS, figure, serving, signal_body, signing_headers
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.speaking.event_stream import EventStream

pytestmark = pytest.mark.anyio

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
NOT_RECORDED = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
LIMITS = Limits(clock_away_seconds=1e12, answer_seconds=0.5, telemetry_drain_seconds=5)

Collected = Callable[..., Tracing]


@pytest.fixture
def collected(outside: Receiver, monkeypatch: pytest.MonkeyPatch) -> Collected:
    """Makes traces that the receiver gets."""

    def begin(limits: Limits = LIMITS, **variables: str) -> Tracing:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{outside.address}")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        begun = tracing.begin(Settings(_env_file=None, app_env="staging"), limits)
        assert begun is not None
        return begun

    return begin


def by_name(outside: Receiver) -> Mapping[str, Part]:
    """The parts that were received, of which no two have the same name."""
    found = parts(outside.bodies)
    assert len({part.name for part in found}) == len(found)
    return {part.name: part for part in found}


async def test_a_signal_is_followed_from_its_proof_to_its_commit(
    collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    body = signal_body()
    headers = {**signing_headers(body), **TRACEPARENT, "X-Request-Id": "of-this-test"}
    async with serving(shared_database.url, signing=True, limits=LIMITS, tracing=collected()) as client:
        answer = await client.post(SIGNALS, headers=headers, content=body)
        assert answer.status_code == 201
    found = by_name(outside)
    assert found.keys() == {"POST /api/v1/signals", "proof", "queue", "commit"}
    request, proof, queue, commit = (found[name] for name in ("POST /api/v1/signals", "proof", "queue", "commit"))
    assert (request.trace, request.parent) == (TRACE, SPAN)
    assert {part.parent for part in (proof, queue, commit)} == {request.id}
    assert request.began <= proof.began <= proof.ended <= queue.began <= commit.began <= commit.ended <= request.ended
    assert commit.links == {request.place}
    assert queue.links == {commit.place}
    assert commit.attributes["db.operation.batch.size"] == 1
    assert request.attributes["signals.request_id"] == "of-this-test"
    assert request.attributes["http.response.status_code"] == 201
    assert answer.headers["traceparent"] == f"00-{TRACE}-{request.id}-01"
    assert (request.service["service.name"], request.service["deployment.environment.name"]) == ("signals", "staging")


async def test_what_a_proven_sender_does_not_want_recorded_is_not(
    collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    body = signal_body()
    headers = {**signing_headers(body), **NOT_RECORDED}
    async with serving(shared_database.url, signing=True, limits=LIMITS, tracing=collected()) as client:
        answer = await client.post(SIGNALS, headers=headers, content=body)
    assert answer.headers["traceparent"].split("-")[1] == TRACE
    assert outside.bodies == []


@pytest.mark.parametrize("wrong", [{"X-Signature": "A" * 43 + "="}, {"X-Timestamp": "then"}])
async def test_a_stranger_decides_nothing(
    wrong: Mapping[str, str], collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    """Neither whether anything is recorded, nor to which trace it belongs."""
    body = signal_body()
    headers = {**signing_headers(body), **TRACEPARENT, **wrong}
    never = collected(OTEL_TRACES_SAMPLER="parentbased_always_off")
    async with serving(shared_database.url, signing=True, limits=LIMITS, tracing=never) as client:
        answer = await client.post(SIGNALS, headers=headers, content=body)
    assert answer.status_code == 401
    assert outside.bodies == []
    always = collected(OTEL_TRACES_SAMPLER="parentbased_always_on")
    async with serving(shared_database.url, signing=True, limits=LIMITS, tracing=always) as client:
        answer = await client.post(SIGNALS, headers=headers, content=body)
    [part] = parts(outside.bodies)
    assert answer.headers["traceparent"].split("-")[1] == part.trace != TRACE
    assert part.parent == ""
    assert not part.failed


async def test_where_nobody_is_proven_nobody_names_a_trace(
    collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    async with serving(shared_database.url, limits=LIMITS, tracing=collected(), signals_readers="open") as client:
        await client.post(SIGNALS, headers={**JSON, **TRACEPARENT}, content=signal_body())
        await client.get("/api/v1/feed", headers=TRACEPARENT)
        await client.get("/nowhere", headers=TRACEPARENT)
    found = parts(outside.bodies)
    names = {"POST /api/v1/signals", "queue", "commit", "GET /api/v1/feed", "feed", "GET"}
    assert {part.name for part in found} == names
    assert TRACE not in {part.trace for part in found}


async def test_a_commit_names_all_requests_that_it_served(
    collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    async with serving(shared_database.url, limits=LIMITS, tracing=collected()) as client:
        await asyncio.gather(*(client.post(SIGNALS, headers=JSON, content=signal_body()) for _ in range(20)))
    found = parts(outside.bodies)
    requests = {part.place for part in found if part.name == "POST /api/v1/signals"}
    committed = [part for part in found if part.name == "commit"]
    assert len(requests) == 20
    assert len(committed) < 20
    assert frozenset[tuple[str, str]]().union(*(part.links for part in committed)) == requests
    assert {part.parent for part in committed} <= {id for _, id in requests}
    queued = [part for part in found if part.name == "queue"]
    assert {part.links for part in queued} == {frozenset([part.place]) for part in committed}


async def test_a_commit_that_fails_is_shown_with_the_next_attempt(
    collected: Collected, outside: Receiver, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> NoReturn:
        raise ConnectionError

    monkeypatch.setattr(commits, "store", fail)
    async with serving(shared_database.url, limits=LIMITS, tracing=collected()) as client:
        answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
    assert answer.status_code == 500
    found = parts(outside.bodies)
    committed = [part for part in found if part.name == "commit"]
    queued = [part for part in found if part.name == "queue"]
    assert len(committed) > 1
    assert {(part.failed, part.attributes["error.type"]) for part in committed} == {(True, "ConnectionError")}
    assert len(queued) == len(committed)
    assert all(part.began >= before.ended for before, part in pairwise(queued))
    [request] = [part for part in found if part.name == "POST /api/v1/signals"]
    assert request.failed


async def test_a_reader_who_is_proven_names_the_trace_too(
    collected: Collected, outside: Receiver, database: Database
) -> None:
    token = await known.add(database, "reader", Scope())
    headers = {**TRACEPARENT, "Authorization": f"Bearer {token}"}
    async with serving(database.url, limits=LIMITS, tracing=collected()) as client:
        assert (await client.get("/api/v1/feed", headers=headers)).status_code == 200
    found = by_name(outside)
    assert found.keys() == {"GET /api/v1/feed", "proof", "feed"}
    assert found["GET /api/v1/feed"].parent == SPAN
    assert {part.trace for part in found.values()} == {TRACE}


@pytest.mark.parametrize("how", ["refused", "silent"])
async def test_nobody_waits_for_a_collector_that_is_away(
    how: str, collected: Collected, outside: Receiver, shared_database: Database
) -> None:
    """Neither a signal nor the end of the process; what was not taken can be seen."""
    sent, ended = figure("signals_spans_sent_total"), figure("signals_spans_ended_total")
    outside.speaking.clear()
    variables = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600", "OTEL_BSP_SCHEDULE_DELAY": "10"}
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    if how == "refused":
        variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"http://127.0.0.1:{nobody}/v1/traces"
    limits = Limits(clock_away_seconds=1e12, telemetry_drain_seconds=0.05)
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        serving(shared_database.url, limits=limits, tracing=collected(limits, **variables)) as client,
    ):
        for _ in range(3):
            answer = await client.post(SIGNALS, headers=JSON, content=signal_body())
            assert answer.status_code == 201
    assert figure("signals_spans_sent_total") == sent
    assert figure("signals_spans_ended_total") == ended + 9
    outside.speaking.set()
    if how == "silent":
        wait_until(lambda: figure("signals_spans_sent_total") == sent + 9, "the collector has taken all")


def test_a_stream_has_two_parts_however_much_it_is_told(
    outside: Receiver, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In a service, whose lines about a request all name its trace."""
    settings = {
        "DATABASE_URL": database.url,
        "SIGNALS_READERS": "open",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{outside.address}",
    }
    service = ServiceProcess(tmp_path_factory.mktemp("service"), settings)
    try:
        service.wait_until_ready()
        with EventStream(service.url) as stream:
            assert stream.next() is not None
            for number in range(50):
                headers = {**JSON, "X-Request-Id": f"number-{number}"}
                service.client.post(service.url + SIGNALS, headers=headers, content=signal_body())
            assert len(stream.signals(50)) == 50
        lines = service.log.about("number-7", 0)
    finally:
        service.stop()
    found = [part for part in parts(outside.bodies) if part.name in ("GET /api/v1/feed/live", "feed")]
    assert sorted(part.name for part in found) == ["GET /api/v1/feed/live", "feed"]
    [trace] = [part.trace for part in parts(outside.bodies) if part.attributes.get("signals.request_id") == "number-7"]
    assert len(lines) == 2
    assert {line["trace_id"] for line in lines} == {trace}


COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        (COLLECTOR, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({**COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**COLLECTOR, "OTEL_SDK_DISABLED": "True"}, False),
        ({"OTEL_SERVICE_NAME": "signals"}, False),
        ({**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_tracing_is_on_where_a_collector_is_named(
    variables: Mapping[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing.wanted() is on


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({**COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL"),
    ],
)
def test_what_is_not_spoken_is_refused(
    variables: Mapping[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{name}: must be "):
        tracing.wanted()


def test_without_its_packages_tracing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(tracing, "_is_missing", lambda _module: True)
    with pytest.raises(SettingsError, match=r"install signals\[traces\]$"):
        tracing.wanted()
