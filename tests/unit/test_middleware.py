"""The guards, each before a small application of the test's own."""

from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict

from service.http.body_limit import BodyLimit
from service.http.errors import BodyTooLarge, UnsupportedMediaType
from service.http.exact_path import ExactPath
from service.http.json_only import JsonOnly
from service.http.request_context import RequestContext
from service.kernel import logs
from service.proof import signing
from service.proof.authentication import ProducerAuthentication, Sender
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

Headers = Sequence[tuple[str | bytes, str | bytes]]

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET = b"an-example-secret-of-32-bytes-ok"
PRODUCER_ID, TIMESTAMP, SIGNATURE = b"x-producer-id", b"x-timestamp", b"x-signature"
BODY = b'{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'


class Recorder:
    """Answers 204, and remembers what reached it. With `reading` it reads the body first."""

    def __init__(self, *, reading: bool = False, failing: Exception | None = None) -> None:
        self.scopes: list[Scope] = []
        self.request_ids: list[str | None] = []
        self._reading = reading
        self._failing = failing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        self.request_ids.append(logs.request_id.get())
        while self._reading and (await receive()).get("more_body", False):
            pass
        if self._failing is not None:
            raise self._failing
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def state(self) -> Mapping[str, object]:
        """What the guards left for the one application that was reached."""
        [scope] = self.scopes
        state: Mapping[str, object] = scope["state"]
        return state


async def post(
    app: ASGIApp, headers: Headers = (), content: bytes | AsyncIterator[bytes] | None = None, method: str = "POST"
) -> httpx.Response:
    """Send one request to an application in this process."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://signals") as client:
        return await client.request(method, "/path", headers=list(headers), content=content)  # type: ignore[arg-type]


async def in_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body whose length nobody declares."""
    for chunk in chunks:
        yield chunk


def http_scope(headers: Sequence[tuple[bytes, bytes]] = (), **more: object) -> Scope:
    """The scope of a request as a server would hand it over."""
    return {"type": "http", "method": "POST", "path": "/path", "headers": list(headers), "state": {}, **more}


def receiving(*messages: Message) -> Receive:
    """Delivers these messages, and no more."""
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return receive


async def never(*_: object) -> Any:
    """For what must not be called."""
    raise AssertionError("nothing more may be received or sent")


def part(body: bytes, *, more: bool) -> Message:
    """A part of a request body."""
    return {"type": "http.request", "body": body, "more_body": more}


# Request id, closing line, metric, connection


@pytest.mark.parametrize("given_id", ["a", "A.b_c-9", "0" * 128, "0198c0de-7000-7000-8000-000000000000"])
@pytest.mark.anyio
async def test_a_sane_request_id_is_kept(given_id: str) -> None:
    inner = Recorder()
    answer = await post(RequestContext(inner), [("X-Request-Id", given_id)])
    assert answer.headers.get_list("x-request-id") == [given_id]
    assert inner.request_ids == [given_id]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Request-Id", "")],
        [("X-Request-Id", "0" * 129)],
        [("X-Request-Id", "two words")],
        [("X-Request-Id", "a/b")],
        [("X-Request-Id", '"quoted"')],
        [("X-Request-Id", "é".encode())],
        [("X-Request-Id", "one"), ("X-Request-Id", "two")],
        [("X-Request-Id", "same"), ("X-Request-Id", "same")],
    ],
)
@pytest.mark.anyio
async def test_any_other_request_id_is_replaced(headers: Headers) -> None:
    inner = Recorder()
    app = RequestContext(inner)
    ids = [(await post(app, headers)).headers["x-request-id"] for _ in range(2)]
    assert len({UUID(made) for made in ids}) == 2
    assert inner.request_ids == ids


@pytest.mark.anyio
async def test_each_request_ends_with_one_closing_line(log_lines: list[EventDict]) -> None:
    answer = await post(RequestContext(Recorder()))
    [line] = log_lines
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "Request handled",
        "log_level": "info",
        "method": "POST",
        "path": "/path",
        "status": 204,
        "client": "127.0.0.1",
        "request_id": answer.headers["x-request-id"],
    }


@pytest.mark.anyio
async def test_an_endless_path_is_cut_in_the_log(log_lines: list[EventDict]) -> None:
    scope = http_scope(path="/" + "a" * 10_000)
    await RequestContext(Recorder())(scope, never, _discard)
    assert log_lines[0]["path"] == "/" + "a" * 255


@pytest.mark.parametrize(("client", "logged"), [(("::1", 80), "::1"), (("a" * 46, 0), "a" * 45), (None, None)])
@pytest.mark.anyio
async def test_the_address_of_the_client_is_logged(
    log_lines: list[EventDict], client: tuple[str, int] | None, logged: str | None
) -> None:
    await RequestContext(Recorder())(http_scope(client=client), never, _discard)
    assert log_lines[0]["client"] == logged


async def _discard(_: Message) -> None:
    return


def requests_counted(method: str, status: str) -> float:
    labels = {"route": "unmatched", "method": method, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0


@pytest.mark.parametrize(("method", "label"), [("POST", "POST"), ("DELETE", "DELETE"), ("BREW", "other")])
@pytest.mark.anyio
async def test_each_request_is_counted_under_a_known_method(method: str, label: str) -> None:
    before = requests_counted(label, "204")
    await post(RequestContext(Recorder()), method=method)
    assert requests_counted(label, "204") == before + 1


@pytest.mark.anyio
async def test_a_request_that_nobody_waited_for_is_counted_without_a_status(log_lines: list[EventDict]) -> None:
    async def silent(*_: object) -> None:
        return

    before = requests_counted("POST", "none")
    await RequestContext(silent)(http_scope(), never, never)
    assert requests_counted("POST", "none") == before + 1
    assert log_lines[-1]["status"] is None


@pytest.mark.anyio
async def test_an_exception_ends_here_and_has_its_closing_line(log_lines: list[EventDict]) -> None:
    error = RuntimeError("hidden-word")
    await RequestContext(Recorder(failing=error))(http_scope(), never, never)
    assert [line["event"] for line in log_lines] == ["Unexpected exception", "Request handled"]
    assert log_lines[0]["exception"] is error
    assert log_lines[0]["log_level"] == "error"


@pytest.mark.parametrize(
    ("headers", "content", "reading", "closing"),
    [
        pytest.param([], BODY, False, True, id="declared and unread"),
        pytest.param([], BODY, True, False, id="declared and read"),
        pytest.param([], in_chunks, False, True, id="undeclared and unread"),
        pytest.param([], in_chunks, True, False, id="undeclared and read"),
        pytest.param([], None, False, False, id="no body"),
        pytest.param([("Content-Length", "0")], None, False, False, id="an empty body"),
        pytest.param([("Content-Length", "000")], None, False, False, id="an empty body, otherwise written"),
    ],
)
@pytest.mark.anyio
async def test_an_answer_that_leaves_a_body_unread_closes_the_connection(
    headers: Headers, content: bytes | Callable[..., AsyncIterator[bytes]] | None, reading: bool, closing: bool
) -> None:
    app = RequestContext(Recorder(reading=reading))
    answer = await post(app, headers, content(BODY, BODY) if callable(content) else content)
    assert answer.headers.get("connection") == ("close" if closing else None)


@pytest.mark.anyio
async def test_a_body_that_was_read_in_part_closes_the_connection() -> None:
    async def reads_one_part(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 413, "headers": []})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = http_scope([(b"transfer-encoding", b"chunked")])
    await RequestContext(reads_one_part)(scope, receiving(part(b"a", more=True)), send)
    assert (b"connection", b"close") in sent[0]["headers"]


@pytest.mark.parametrize("guard", [RequestContext, ExactPath])
@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
@pytest.mark.anyio
async def test_what_is_no_request_passes_untouched(
    guard: type[RequestContext | ExactPath], kind: str, log_lines: list[EventDict]
) -> None:
    passed: list[object] = []

    async def inner(*arguments: object) -> None:
        passed.extend(arguments)

    scope = {"type": kind}
    await guard(inner)(scope, never, never)
    assert passed == [scope, never, never]
    assert log_lines == []


# Path


@pytest.mark.parametrize("raw", [b"/api/v1/%73ignals", b"/%2e/path", b"/path%2F", b"/%"])
@pytest.mark.anyio
async def test_routes_see_the_path_as_it_was_sent(raw: bytes) -> None:
    inner = Recorder()
    await ExactPath(inner)(http_scope(path="/decoded", raw_path=raw), never, _discard)
    assert [scope["path"] for scope in inner.scopes] == [raw.decode()]


@pytest.mark.parametrize("scope", [http_scope(raw_path=b"/path"), http_scope()])
@pytest.mark.anyio
async def test_a_plain_path_passes(scope: Scope) -> None:
    inner = Recorder()
    await ExactPath(inner)(scope, never, _discard)
    assert inner.scopes == [scope]


# Size


@pytest.mark.parametrize("size", [0, 1, 99, 100])
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.anyio
async def test_a_body_up_to_the_limit_is_read(size: int, declared: bool) -> None:
    inner = Recorder()
    body = b"a" * size
    await post(BodyLimit(inner, 100), content=body if declared else in_chunks(body[:60], body[60:]))
    assert inner.state["body"] == body


@pytest.mark.parametrize("size", [101, 100_000])
@pytest.mark.anyio
async def test_a_body_above_the_limit_is_refused(size: int) -> None:
    with pytest.raises(BodyTooLarge):
        await post(BodyLimit(never, 100), content=b"a" * size)
    with pytest.raises(BodyTooLarge):
        await post(BodyLimit(never, 100), content=in_chunks(b"a" * 60, b"a" * (size - 60)))


@pytest.mark.parametrize("declared", [b"101", b"99999999999999999999999"])
@pytest.mark.anyio
async def test_a_declared_body_above_the_limit_is_not_even_read(declared: bytes) -> None:
    with pytest.raises(BodyTooLarge):
        await BodyLimit(never, 100)(http_scope([(b"content-length", declared)]), never, never)


@pytest.mark.anyio
async def test_reading_ends_where_the_limit_is_passed() -> None:
    with pytest.raises(BodyTooLarge):
        await BodyLimit(never, 5)(http_scope(), receiving(part(b"abc", more=True), part(b"def", more=True)), never)


@pytest.mark.anyio
async def test_a_declaration_that_is_too_small_does_not_widen_the_limit() -> None:
    scope = http_scope([(b"content-length", b"1")])
    with pytest.raises(BodyTooLarge):
        await BodyLimit(never, 5)(scope, receiving(part(b"abcdef", more=False)), never)


@pytest.mark.anyio
async def test_a_client_that_goes_away_in_the_middle_is_not_answered() -> None:
    messages = receiving(part(b"abc", more=True), {"type": "http.disconnect"})
    await BodyLimit(never, 100)(http_scope(), messages, never)


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(0, 100))
@pytest.mark.anyio
async def test_a_body_is_read_whole_however_it_is_cut(chunks: list[bytes], limit: int) -> None:
    inner = Recorder()
    messages = [part(chunk, more=True) for chunk in chunks] + [part(b"", more=False)]
    scope = http_scope()
    if len(b"".join(chunks)) > limit:
        with pytest.raises(BodyTooLarge):
            await BodyLimit(never, limit)(scope, receiving(*messages), never)
    else:
        await BodyLimit(inner, limit)(scope, receiving(*messages), _discard)
        assert inner.state["body"] == b"".join(chunks)


# Content type


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "APPLICATION/JSON; CHARSET=UTF-8",
        "application/json;charset=utf-8",
        "application/json; charset=utf-8",
        "application/json ; charset=utf-8",
        "application/json;\tcharset=utf-8",
        'application/json; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json; profile=signal",
        "application/json; profile=signal; charset=utf-8",
        "application/json;",
    ],
)
@pytest.mark.anyio
async def test_json_passes(content_type: str) -> None:
    answer = await post(JsonOnly(Recorder()), [("Content-Type", content_type)], BODY)
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="none"),
        pytest.param([("Content-Type", "")], id="empty"),
        pytest.param([("Content-Type", "text/plain")], id="text"),
        pytest.param([("Content-Type", "text/json")], id="text/json"),
        pytest.param([("Content-Type", "application/xml")], id="XML"),
        pytest.param([("Content-Type", "application/x-www-form-urlencoded")], id="form"),
        pytest.param([("Content-Type", "application/jsonx")], id="something longer"),
        pytest.param([("Content-Type", "application/jso")], id="something shorter"),
        pytest.param([("Content-Type", "application/vnd.api+json")], id="another kind of JSON"),
        pytest.param([("Content-Type", "application/json, text/plain")], id="a list"),
        pytest.param([("Content-Type", "application/json charset=utf-8")], id="no semicolon"),
        pytest.param([("Content-Type", "application/json; charset=utf-16")], id="UTF-16"),
        pytest.param([("Content-Type", 'application/json; charset="latin-1"')], id="Latin-1"),
        pytest.param([("Content-Type", "application/json; charset=utf-8; charset=utf-16")], id="two charsets"),
        pytest.param([("Content-Type", b"application/json\xe9")], id="not ASCII"),
        pytest.param([("Content-Type", "application/json")] * 2, id="given twice"),
        pytest.param([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], id="compressed"),
    ],
)
@pytest.mark.anyio
async def test_anything_else_is_not_supported(headers: Headers) -> None:
    with pytest.raises(UnsupportedMediaType):
        await post(JsonOnly(never), headers, BODY)


# Signature


def guard(inner: ASGIApp, *secrets: bytes, now: datetime = NOW) -> ProducerAuthentication:
    """The guard with the same secrets for every producer and a clock that stands still."""
    return ProducerAuthentication(inner, lambda _: secrets, lambda: now)


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
    await app(http_scope(headers, state={"body": body}), never, _discard)


@pytest.mark.anyio
async def test_a_signed_request_passes_with_its_sender(log_lines: list[EventDict]) -> None:
    inner = Recorder()
    headers = signing_headers()
    await authenticate(guard(inner, SECRET), headers)
    assert inner.state["sender"] == Sender("alpha", b64decode(dict(headers)[b"x-signature"]))
    assert log_lines == [
        {
            "event": "hmac_validation",
            "log_level": "info",
            "producer_id": "alpha",
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
    await authenticate(ProducerAuthentication(inner, None, lambda: NOW), headers)
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
    app = ProducerAuthentication(inner, lambda producer_id: secrets.get(producer_id, []), lambda: NOW)
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
