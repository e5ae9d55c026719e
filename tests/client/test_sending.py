"""A signal is stored as it was given, signed in a way that the service believes."""

import json
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.client import (
    InvalidSignal,
    ProducerSignature,
    Side,
    Signal,
    SignalRefused,
    SignalsError,
    SignatureRefused,
)
from service.client.failures import KINDS
from service.kernel.errors import all_refusals
from tests.client.conftest import Connect
from tests.client.road import Road
from tests.running.deployment import SECRET, Deployment
from tests.running.environment import ROOT
from tests.running.postgres import Row
from tests.speaking.exchange import SIGNALS

GOLD = Signal("XAUUSD", Side.BUY)


def row(deployment: Deployment, identifier: UUID) -> Row:
    """What is stored under an id."""
    columns = "producer_id, instrument, side, time, payload::text AS payload, version, created_at"
    [found] = deployment.database.fetch(f"SELECT {columns} FROM signals WHERE id = $1", identifier)
    return found


def test_a_signal_is_stored_as_given(signing: Deployment, connect: Connect) -> None:
    signal = Signal("EURUSD_M15", Side.SELL, datetime(2026, 1, 31, 12, tzinfo=UTC), {"note": "测试 🚀"}, version=7)
    stored = connect(signing.service.url).send(signal)
    found = row(signing, stored.id)
    assert (found["producer_id"], found["instrument"], found["side"]) == ("mt5-gold-1", "EURUSD_M15", 1)
    assert (found["time"], found["version"]) == (signal.time, 7)
    assert json.loads(found["payload"]) == {"note": "测试 🚀"}
    assert (stored.status, stored.created_at, stored.replayed) == (0, found["created_at"], False)


def test_a_signal_without_payload_or_time_is_dated_now(signing: Deployment, connect: Connect) -> None:
    before = datetime.now(UTC)
    found = row(signing, connect(signing.service.url).send(Signal("XAUUSD", 0)).id)
    assert before <= found["time"] <= datetime.now(UTC)
    assert (found["payload"], found["version"]) == (None, 1)


@pytest.mark.parametrize("digits", ["1950.50", "0.1234567890123456789012345", "123456789012345678901234567890.0"])
def test_a_decimal_keeps_every_digit(signing: Deployment, connect: Connect, digits: str) -> None:
    signal = Signal("XAUUSD", Side.BUY, payload={"levels": [{"price": Decimal(digits)}]})
    payload = row(signing, connect(signing.service.url).send(signal).id)["payload"]
    assert payload == f'{{"levels": [{{"price": {digits}}}]}}'


def test_a_payload_of_raw_json_is_sent_as_it_is(signing: Deployment, connect: Connect) -> None:
    signal = Signal("XAUUSD", Side.BUY, payload=b'{"price":1e2,"long":12345678901234567890123}')
    payload = row(signing, connect(signing.service.url).send(signal).id)["payload"]
    assert json.loads(payload) == {"price": 100, "long": 12345678901234567890123}


def test_a_whole_body_of_raw_json_is_sent_as_it_is(connect: Connect, road: Road) -> None:
    body = b' {"instrument":"XAUUSD", "side":0,\n"time":"2026-01-31T12:00:00Z"}\n'
    connect(road.url).send(body)
    [request] = road.requests
    assert request.endswith(b"\r\n\r\n" + body)


def test_the_request_id_is_the_one_in_the_log(signing: Deployment, connect: Connect) -> None:
    stored = connect(signing.service.url).send(GOLD, request_id="order-17.a")
    assert stored.request_id == "order-17.a"
    lines = signing.service.log.about("order-17.a", signing.beginning.log_position)
    assert str(stored.id) in [line.get("signal_id") for line in lines]


def test_the_same_signal_twice_is_two_signals_even_when_the_clock_stands_still(
    signing: Deployment, connect: Connect
) -> None:
    client = connect(signing.service.url)
    first, second = client.send(GOLD), client.send(GOLD)
    assert first.id != second.id
    assert not second.replayed


def test_an_unsigned_signal_is_stored_with_its_unproven_producer(deployment: Deployment, connect: Connect) -> None:
    stored = connect(deployment.service.url, secret=None, unsigned=True).send(GOLD)
    assert row(deployment, stored.id)["producer_id"] == "mt5-gold-1"
    anonymous = connect(deployment.service.url, secret=None, unsigned=True, producer_id=None).send(GOLD)
    assert row(deployment, anonymous.id)["producer_id"] is None


def test_every_fault_of_a_signal_is_told(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(InvalidSignal) as refused:
        connect(signing.service.url).send(Signal("gold", 2), request_id="faulty-1")
    error = refused.value
    assert (error.code, error.status, error.request_id, error.hint) == ("validation_failed", 422, "faulty-1", None)
    assert isinstance(error.detail, list)
    assert [fault["loc"] for fault in error.detail] == [["body", "instrument"], ["body", "side"]]
    assert "body.side: " in str(error)


def test_a_refused_signature_is_told_with_its_hint(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(SignatureRefused) as refused:
        connect(signing.service.url, secret=SECRET + b"\n").send(GOLD)
    error = refused.value
    assert (error.code, error.status, error.skew_seconds) == ("signature_mismatch", 401, 0)
    assert error.hint is not None
    assert "the secret with a line break at its end" in error.hint
    assert error.hint in str(error)
    assert error.server_time is not None
    assert abs((error.server_time - datetime.now(UTC)).total_seconds()) < 60


def test_a_missing_signature_is_told(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(SignatureRefused) as refused:
        connect(signing.service.url, secret=None, unsigned=True).send(GOLD)
    assert (refused.value.code, refused.value.server_time, refused.value.skew_seconds) == ("header_missing", None, None)


def test_a_wrong_path_is_a_plain_refusal(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(SignalRefused) as refused:
        connect(signing.service.url + "/elsewhere").send(GOLD)
    assert (type(refused.value), refused.value.code) == (SignalRefused, "not_found")


def test_the_signature_serves_any_httpx_client(signing: Deployment) -> None:
    signal = {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}
    answer = httpx.post(signing.service.url + SIGNALS, json=signal, auth=ProducerSignature("bot", SECRET.decode()))
    assert answer.status_code == 201
    assert row(signing, UUID(answer.json()["id"]))["producer_id"] == "bot"


def test_an_httpx_client_of_ones_own_is_used(connect: Connect, road: Road) -> None:
    kind = httpx.AsyncClient if "Awaiting" in type(connect(road.url)).__name__ else httpx.Client
    connect(road.url, http=kind(headers={"X-Gateway-Key": "let-me-in"})).send(GOLD)
    assert b"\r\nX-Gateway-Key: let-me-in\r\n" in road.requests[0]


@pytest.mark.parametrize(
    "payload",
    [{"price": Decimal("NaN")}, {"price": Decimal("Infinity")}, {"price": float("nan")}, {1: 2}, {"at": GOLD.time}],
    ids=["a Decimal that is no number", "an infinite Decimal", "a float that is no number", "a key", "a datetime"],
)
def test_what_has_no_json_form_is_not_sent(payload: dict[Any, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Signal("XAUUSD", Side.BUY, payload=payload).body()


def test_a_time_without_a_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="zone"):
        Signal("XAUUSD", Side.BUY, datetime(2026, 1, 31, 12)).body()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("signals.example", {}),
        ("ftp://signals.example", {}),
        ("http://", {}),
        ("http://signals.example:port", {}),
        ("http://signals.example/?key=value", {}),
        ("http://signals.example", {"producer_id": None}),
        ("http://signals.example", {"producer_id": "my bot"}),
        ("http://signals.example", {"producer_id": "x" * 65, "secret": None, "unsigned": True}),
        ("http://signals.example", {"secret": ""}),
    ],
)
def test_a_client_that_could_never_send_is_not_made(connect: Connect, url: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        connect(url, **options)


def test_a_request_id_that_the_service_would_replace_is_not_taken(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(ValueError, match="request id"):
        connect(signing.service.url).send(GOLD, request_id="two words")


FOR_READERS = {
    "token_missing",
    "token_invalid",
    "cursor_invalid",
    "cursor_expired",
    "feed_unavailable",
    "too_many_streams",
    "not_permitted",
    "state_changed",
    "signal_expired",
    "transition_refused",
}


def test_every_code_has_a_kind_but_those_that_this_client_cannot_cause() -> None:
    others = {refusal.code for refusal in all_refusals()} - KINDS.keys()
    assert others == {
        "malformed_request",
        "not_found",
        "method_not_allowed",
        "unsupported_media_type",
        "headers_too_large",
        "internal_error",
        "idempotency_key_invalid",
        "idempotency_mismatch",
        "batch_refused",
        "not_stored",
        *FOR_READERS,
    }


def test_a_refusal_survives_the_way_between_processes(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(SignalsError) as refused:
        connect(signing.service.url, secret=b"another").send(GOLD)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301  (made right here)


def test_the_client_needs_nothing_of_the_server() -> None:
    program = "import sys, service.client; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "httpx" in done.stdout.split()
    server = {"aerich", "asyncpg", "pydantic", "pydantic_settings", "starlette", "tortoise", "uvicorn"}
    assert not server & set(done.stdout.split())
