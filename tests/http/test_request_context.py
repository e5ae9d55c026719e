"""The outermost layer: request id, closing line and metric."""

from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from starlette.types import Message, Receive, Scope, Send
from structlog.typing import EventDict

from service.http.exact_path import ExactPath
from service.http.request_context import RequestContext
from tests.http.asgi import Headers, Recorder, discard, http_scope, never, post


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
    await RequestContext(Recorder())(scope, never, discard)
    assert log_lines[0]["path"] == "/" + "a" * 255


@pytest.mark.parametrize(("client", "logged"), [(("::1", 80), "::1"), (("a" * 46, 0), "a" * 45), (None, None)])
@pytest.mark.anyio
async def test_the_address_of_the_client_is_logged(
    log_lines: list[EventDict], client: tuple[str, int] | None, logged: str | None
) -> None:
    await RequestContext(Recorder())(http_scope(client=client), never, discard)
    assert log_lines[0]["client"] == logged


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
    answer = await post(RequestContext(Recorder(failing=error)))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "hidden-word" not in answer.text
    assert [line["event"] for line in log_lines] == ["Request failed", "Unexpected exception", "Request handled"]
    assert log_lines[1]["exception"] is error
    assert log_lines[1]["log_level"] == "error"


@pytest.mark.anyio
async def test_an_exception_behind_the_head_of_an_answer_gets_no_second_answer(log_lines: list[EventDict]) -> None:
    sent: list[Message] = []

    async def fails_late(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        raise RuntimeError

    async def send(message: Message) -> None:
        sent.append(message)

    await RequestContext(fails_late)(http_scope(), never, send)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert [line["event"] for line in log_lines] == ["Unexpected exception", "Request handled"]
    assert log_lines[-1]["status"] == 204


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


@pytest.mark.anyio
async def test_a_start_that_fails_has_its_line(log_lines: list[EventDict]) -> None:
    failure = OSError("the disk is full")

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise failure

    with pytest.raises(OSError, match="the disk is full"):
        await RequestContext(fail)({"type": "lifespan"}, never, discard)
    [line] = log_lines
    assert (line["event"], line["log_level"], line["exception"]) == ("Start or stop failed", "error", failure)
