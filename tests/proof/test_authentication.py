"""The guards that prove who sent a request: whom they believe, in which order they look, and their audit trail."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp
from structlog.typing import EventDict

from service.http.ration import Ration
from service.proof import signing
from service.proof.authentication import ProducerAuthentication, Sender, UnprovenSender
from service.proof.errors import (
    AuthenticationRefusal,
    HeaderMissing,
    HeaderRepeated,
    ProducerIdInvalid,
    SignatureMalformed,
    SignatureMismatch,
    TimestampMalformed,
    TimestampOutsideWindow,
)
from service.proof.signing_headers import Claim, SigningHeaders
from tests.http.asgi import BODY, Recorder, discard, http_scope, never
from tests.proof.guards import by_secrets, proving

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = b"an-example-secret-of-32-bytes-ok"
PRODUCER_ID, TIMESTAMP, SIGNATURE = b"x-producer-id", b"x-timestamp", b"x-signature"


def guard(inner: ASGIApp, *secrets: bytes) -> ASGIApp:
    """The guards with the same secrets for every producer and a clock that stands still."""
    return proving(inner, lambda _: secrets, lambda: NOW)


Changes = Mapping[bytes, bytes | None]


def signing_headers(
    changes: Changes | None = None, *, secret: bytes = SECRET, producer: str = "alpha", moment: datetime = NOW
) -> list[tuple[bytes, bytes]]:
    """The three headers of a request with BODY; a change replaces a value, None leaves the header out."""
    timestamp = moment.isoformat()
    headers: Changes = {
        PRODUCER_ID: producer.encode(),
        TIMESTAMP: timestamp.encode(),
        SIGNATURE: signing.sign(secret, BODY, timestamp, producer).encode(),
        **(changes or {}),
    }
    return [(name, value) for name, value in headers.items() if value is not None]


async def authenticate(app: ASGIApp, headers: Sequence[tuple[bytes, bytes]], body: bytes = BODY) -> None:
    """Hand a request whose body is already read to a guard."""
    await app(http_scope(headers, state={"body": body}), never, discard)


@pytest.mark.anyio
async def test_a_signed_request_passes_with_its_sender(log_lines: list[EventDict]) -> None:
    inner = Recorder()
    headers = signing_headers()
    await authenticate(guard(inner, SECRET), headers)
    assert inner.state["sender"] == Sender("alpha", b64decode(dict(headers)[b"x-signature"]), NOW)
    assert log_lines == [
        {
            "event": "hmac_validation",
            "log_level": "info",
            "producer_id": "alpha",
            "key_id": None,
            "result": "success",
            "reason": "valid_signature",
        }
    ]


@pytest.mark.parametrize(
    ("headers", "producer_id"),
    [
        ([], None),
        ([(b"x-producer-id", b"alpha")], "alpha"),
        ([(b"x-producer-id", b"two words")], None),
        ([(b"x-producer-id", b"alpha"), (b"x-producer-id", b"beta")], None),
        ([(b"x-timestamp", b"nonsense"), (b"x-signature", b"nonsense"), (b"x-producer-id", b"alpha")], "alpha"),
        (signing_headers({SIGNATURE: b"wrong"}), "alpha"),
    ],
)
@pytest.mark.anyio
async def test_with_signing_off_the_headers_prove_nothing_and_refuse_nothing(
    headers: list[tuple[bytes, bytes]], producer_id: str | None, log_lines: list[EventDict]
) -> None:
    inner = Recorder()
    await authenticate(UnprovenSender(inner), headers)
    assert inner.state["sender"] == Sender(producer_id, None)
    assert log_lines == []


@pytest.mark.parametrize("producer_id", ["a", "!", "~", "a:b/c@d", "0" * 64])
@pytest.mark.anyio
async def test_a_well_formed_producer_id_is_accepted(producer_id: str) -> None:
    inner = Recorder()
    await authenticate(guard(inner, SECRET), signing_headers(producer=producer_id))
    sender = inner.state["sender"]
    assert isinstance(sender, Sender)
    assert sender.producer_id == producer_id


@pytest.mark.parametrize(
    "producer_id", [b"", b" ", b"two words", b"tab\there", b"0" * 65, b"\xc3\xa9", b"\xe9", b"a\x7f", b"a\x00"]
)
@pytest.mark.anyio
async def test_an_ill_formed_producer_id_is_refused_and_not_logged(
    producer_id: bytes, log_lines: list[EventDict]
) -> None:
    with pytest.raises(ProducerIdInvalid):
        await authenticate(guard(never, SECRET), signing_headers({PRODUCER_ID: producer_id}))
    [line] = log_lines
    assert (line["producer_id"], line["result"], line["reason"]) == (None, "failure", "malformed_header")


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (0, True),
        (60, True),
        (299, True),
        (300, True),
        (300.999999, True),
        (301, False),
        (600, False),
        (-60, True),
        (-299.5, True),
        (-300, True),
        (-300.000001, False),
        (-301, False),
        (-(10**9), False),
    ],
)
@pytest.mark.anyio
async def test_the_window_is_exact_to_the_second(age: float, accepted: bool) -> None:
    """age = floor(now - timestamp) must be within -300 to 300."""
    headers = signing_headers(moment=NOW - timedelta(seconds=age))
    inner = Recorder()
    if accepted:
        await authenticate(guard(inner, SECRET), headers)
        assert len(inner.scopes) == 1
    else:
        with pytest.raises(TimestampOutsideWindow):
            await authenticate(guard(inner, SECRET), headers)


@pytest.mark.anyio
async def test_a_timestamp_counts_as_an_instant_whatever_its_zone() -> None:
    far_away = datetime.fromisoformat("2026-02-01T01:30:00+13:30")
    await authenticate(guard(Recorder(), SECRET), signing_headers(moment=far_away))


@pytest.mark.parametrize("timestamp", [b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59"])
@pytest.mark.anyio
async def test_the_ends_of_the_calendar_are_outside_the_window(timestamp: bytes) -> None:
    with pytest.raises(TimestampOutsideWindow):
        await authenticate(guard(never, SECRET), signing_headers({TIMESTAMP: timestamp}))


@pytest.mark.parametrize(
    "timestamp", [b"", b"2026-01-31T12:00:00", b"2026-01-31 12:00:00Z", b"1769860800", b"now", b"\xe9", b"\xd9\xa1"]
)
@pytest.mark.anyio
async def test_a_timestamp_that_cannot_be_read_is_malformed_not_missing(timestamp: bytes) -> None:
    with pytest.raises(TimestampMalformed):
        await authenticate(guard(never, SECRET), signing_headers({TIMESTAMP: timestamp}))


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        ([PRODUCER_ID], ["X-Producer-Id"]),
        ([TIMESTAMP], ["X-Timestamp"]),
        ([SIGNATURE], ["X-Signature"]),
        ([PRODUCER_ID, SIGNATURE], ["X-Producer-Id", "X-Signature"]),
        ([PRODUCER_ID, TIMESTAMP, SIGNATURE], ["X-Producer-Id", "X-Timestamp", "X-Signature"]),
    ],
)
@pytest.mark.anyio
async def test_all_missing_headers_are_named_at_once(missing: list[bytes], names: list[str]) -> None:
    with pytest.raises(HeaderMissing) as refused:
        await authenticate(guard(never, SECRET), signing_headers(dict.fromkeys(missing)))
    assert refused.value.names == names


FAULTS: list[tuple[type[AuthenticationRefusal], Changes]] = [
    (HeaderMissing, {SIGNATURE: None}),
    (ProducerIdInvalid, {PRODUCER_ID: b"two words"}),
    (TimestampMalformed, {TIMESTAMP: b"yesterday"}),
    (TimestampOutsideWindow, {TIMESTAMP: b"2001-09-11T12:00:00Z"}),
    (SignatureMalformed, {SIGNATURE: b"not base64"}),
]
PAIRS = [
    (first, {**one, **other})
    for index, (first, one) in enumerate(FAULTS)
    for _, other in FAULTS[index + 1 :]
    if not one.keys() & other.keys()
]


@pytest.mark.parametrize(("first", "changes"), PAIRS)
@pytest.mark.anyio
async def test_of_two_faults_the_earlier_check_tells(first: type[AuthenticationRefusal], changes: Changes) -> None:
    with pytest.raises(first):
        await authenticate(guard(never, SECRET), signing_headers(changes))


@pytest.mark.parametrize("name", [PRODUCER_ID, TIMESTAMP, SIGNATURE])
@pytest.mark.parametrize("changes", [changes for _, changes in FAULTS])
@pytest.mark.anyio
async def test_a_header_given_twice_is_told_before_anything_else(name: bytes, changes: Changes) -> None:
    headers = signing_headers(changes)
    twice = dict(signing_headers())[name]
    with pytest.raises(HeaderRepeated):
        await authenticate(guard(never, SECRET), [(name, twice), *headers, (name, twice)])


@pytest.mark.parametrize(
    ("changes", "refusal", "reason"),
    [
        ({SIGNATURE: None}, HeaderMissing, "missing_header"),
        ({TIMESTAMP: b"yesterday"}, TimestampMalformed, "malformed_header"),
        ({TIMESTAMP: b"2001-09-11T12:00:00Z"}, TimestampOutsideWindow, "clock_skew"),
        ({SIGNATURE: b"not base64"}, SignatureMalformed, "malformed_header"),
        ({SIGNATURE: b"AAAA"}, SignatureMismatch, "invalid_signature"),
    ],
)
@pytest.mark.anyio
async def test_each_refusal_has_one_line_in_the_audit_trail(
    changes: Changes,
    refusal: type[AuthenticationRefusal],
    reason: str,
    log_lines: list[EventDict],
) -> None:
    with pytest.raises(refusal):
        await authenticate(guard(never, SECRET), signing_headers(changes))
    assert log_lines == [
        {
            "event": "hmac_validation",
            "log_level": "warning",
            "producer_id": "alpha",
            "result": "failure",
            "reason": reason,
        }
    ]


@pytest.mark.parametrize(("refusal", "changes"), FAULTS)
@pytest.mark.anyio
async def test_headers_that_fail_whatever_the_body_is_are_refused_before_it_is_read(
    refusal: type[AuthenticationRefusal], changes: Changes
) -> None:
    """There is no body, and `never` would not give one."""
    with pytest.raises(refusal):
        await SigningHeaders(never, lambda: NOW)(http_scope(signing_headers(changes)), never, never)


@pytest.mark.anyio
async def test_headers_that_may_be_right_are_passed_on_as_a_claim() -> None:
    inner = Recorder()
    headers = signing_headers({SIGNATURE: b"AAAA"})
    await SigningHeaders(inner, lambda: NOW)(http_scope(headers), never, discard)
    assert inner.state == {"claim": Claim("alpha", NOW.isoformat().encode(), b"AAAA")}


@pytest.mark.anyio
async def test_a_request_whose_body_took_longer_than_the_window_is_refused(log_lines: list[EventDict]) -> None:
    """Else a captured one, dripped in, would outlive the receipt that makes it a resend."""
    headers = signing_headers(moment=NOW - timedelta(seconds=300))
    claims = Recorder()
    await SigningHeaders(claims, lambda: NOW)(http_scope(headers), never, discard)
    scope = http_scope(state={**claims.state, "body": BODY})
    later = NOW + timedelta(seconds=1)
    with pytest.raises(TimestampOutsideWindow) as refused:
        await ProducerAuthentication(never, by_secrets(lambda _: [SECRET]), lambda: later, Ration(1))(
            scope, never, never
        )
    assert refused.value.extra == {"server_time": "2026-01-31T12:00:01.000Z", "skew_seconds": -301}
    assert log_lines[-1]["reason"] == "clock_skew"


@pytest.mark.parametrize("secret", [b"old" * 16, b"new" * 16])
@pytest.mark.anyio
async def test_while_a_secret_is_replaced_both_are_good(secret: bytes) -> None:
    inner = Recorder()
    await authenticate(guard(inner, b"old" * 16, b"new" * 16), signing_headers(secret=secret))
    assert len(inner.scopes) == 1
    with pytest.raises(SignatureMismatch):
        await authenticate(guard(never, b"newer" * 16), signing_headers(secret=secret))


@pytest.mark.anyio
async def test_each_producer_has_its_own_secrets() -> None:
    secrets = {"alpha": [b"a" * 32], "beta": [b"b" * 32]}
    inner = Recorder()
    app = proving(inner, lambda producer_id: secrets.get(producer_id, []), lambda: NOW)
    await authenticate(app, signing_headers(secret=b"a" * 32, producer="alpha"))
    await authenticate(app, signing_headers(secret=b"b" * 32, producer="beta"))
    assert len(inner.scopes) == 2
    told = []
    for headers in (
        signing_headers(secret=b"a" * 32, producer="beta"),
        signing_headers(secret=b"a" * 32, producer="unknown"),
    ):
        with pytest.raises(SignatureMismatch) as refused:
            await authenticate(app, headers)
        told.append(refused.value.detail)
    assert told[0] == told[1]


@pytest.mark.anyio
async def test_the_raw_bytes_of_the_body_count() -> None:
    with pytest.raises(SignatureMismatch):
        await authenticate(guard(never, SECRET), signing_headers(), BODY.replace(b",", b", "))


@pytest.mark.parametrize(
    ("timestamp", "producer_id"),
    [
        (b"2026-01-31T12:00:00+00", b":00alpha"),
        (b"2026-01-31T12:00:00", b"+00:00alpha"),
        (b"2026-01-31T12:00:00+00:00a", b"lpha"),
        (b"2026-01-31T12:00:00+00:00alph", b"a"),
    ],
)
@pytest.mark.anyio
async def test_the_same_signed_bytes_cut_elsewhere_are_refused(timestamp: bytes, producer_id: bytes) -> None:
    headers = signing_headers({TIMESTAMP: timestamp, PRODUCER_ID: producer_id})
    with pytest.raises(TimestampMalformed):
        await authenticate(guard(never, SECRET), headers)


@pytest.mark.parametrize(
    ("body", "timestamp"),
    [
        (BODY[:-1], b"}2026-01-31T12:00:00+00:00"),
        (BODY + b"2", b"026-01-31T12:00:00+00:00"),
    ],
)
@pytest.mark.anyio
async def test_bytes_moved_between_body_and_timestamp_are_refused(body: bytes, timestamp: bytes) -> None:
    with pytest.raises(TimestampMalformed):
        await authenticate(guard(never, SECRET), signing_headers({TIMESTAMP: timestamp}), body)


NAMES = st.sampled_from([PRODUCER_ID, TIMESTAMP, SIGNATURE, b"content-type"])
VALUES = st.binary(max_size=80) | st.sampled_from([value for _, value in signing_headers()])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.binary(max_size=40))
@pytest.mark.anyio
async def test_arbitrary_headers_are_refused_and_nothing_worse(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    with pytest.raises(AuthenticationRefusal):
        await authenticate(guard(never, SECRET), headers, body)


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64), st.integers(-300, 300))
@pytest.mark.anyio
async def test_whatever_is_signed_in_time_passes(producer_id: str, age: int) -> None:
    inner = Recorder()
    await authenticate(guard(inner, SECRET), signing_headers(producer=producer_id, moment=NOW - timedelta(seconds=age)))
    sender = inner.state["sender"]
    assert isinstance(sender, Sender)
    assert sender.producer_id == producer_id
