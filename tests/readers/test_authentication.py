"""The guard that knows who reads: the token is in its one place, or it is none."""

from collections.abc import Sequence

import httpx
import pytest
from structlog.typing import EventDict

from service.http.request_context import RequestContext
from service.readers.authentication import OpenReading, ReaderAuthentication
from service.readers.readers import Readers, Token
from service.readers.scope import Reader, Scope
from service.readers.tokens import new_token, sha256
from tests.http.asgi import Headers, Recorder
from tests.running import confidential
from tests.running.application import figure, present

pytestmark = pytest.mark.anyio

TOKEN, OTHER = new_token(), new_token()
confidential.note_token(TOKEN)
confidential.note_token(OTHER)
ALPHA = Reader("alpha", Scope(("XAU*",)))
BASIC = ("Authorization", "Basic YWxwaGE6c2VjcmV0")


def known() -> Readers:
    """One reader."""
    readers = Readers(present)
    readers.fill({sha256(TOKEN.encode()): Token(ALPHA)})
    return readers


async def ask(inner: Recorder, headers: Headers, query: str = "", readers: Readers | None = None) -> httpx.Response:
    """Ask for what is behind the guard."""
    app = RequestContext(ReaderAuthentication(inner, readers or known()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://signals") as client:
        return await client.get(f"/feed{query}", headers=list(headers))  # type: ignore[arg-type]


def bearing(token: str, scheme: str = "Bearer") -> Sequence[tuple[str, str]]:
    """The header with a token."""
    return [("Authorization", f"{scheme} {token}")]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
async def test_who_shows_a_token_is_known(scheme: str) -> None:
    recorder = Recorder()
    before = figure("signals_reader_tokens_total", result="valid")
    answer = await ask(recorder, bearing(TOKEN, scheme))
    assert answer.status_code == 204
    assert recorder.scopes[0]["reader"] == ALPHA
    assert figure("signals_reader_tokens_total", result="valid") == before + 1


@pytest.mark.parametrize(
    "headers",
    [[], [BASIC], [("Authorization", "")], [("Authorization", "Bearer")], [("Authorization", TOKEN)]],
    ids=["none", "basic", "empty", "the scheme alone", "the token alone"],
)
async def test_who_shows_none_is_told_how(headers: Headers) -> None:
    """RFC 6750 section 3.1: without an error, since nothing was tried."""
    before = figure("signals_reader_tokens_total", result="missing")
    answer = await ask(recorder := Recorder(), headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="signals"'
    assert figure("signals_reader_tokens_total", result="missing") == before + 1
    assert recorder.scopes == []


@pytest.mark.parametrize(
    "token",
    [
        OTHER,
        f"{TOKEN}x",
        TOKEN[:-1],
        TOKEN.upper(),
        f'"{TOKEN}"',
        f"{TOKEN} {TOKEN}",
        sha256(TOKEN.encode()).hex(),
        "é",
    ],
    ids=["another", "longer", "shorter", "other case", "in quotes", "twice", "the hash", "no ASCII"],
)
async def test_what_is_no_token_is_told_so(token: str) -> None:
    before = figure("signals_reader_tokens_total", result="invalid")
    answer = await ask(recorder := Recorder(), [(b"Authorization", b"Bearer " + token.encode())])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="signals", error="invalid_token"'
    assert figure("signals_reader_tokens_total", result="invalid") == before + 1
    assert recorder.scopes == []


@pytest.mark.parametrize("second", [bearing(TOKEN), bearing(OTHER), [BASIC]], ids=["same", "other", "basic"])
async def test_two_headers_prove_nothing(second: Headers) -> None:
    """A proxy and the service could believe different ones."""
    answer = await ask(Recorder(), [*bearing(TOKEN), *second])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert "more than once" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["token", "access_token", "Authorization", "bearer"])
async def test_a_token_in_the_query_proves_nothing(name: str) -> None:
    answer = await ask(Recorder(), [], f"?{name}={TOKEN}")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


@pytest.mark.parametrize("name", ["Proxy-Authorization", "X-Authorization", "Cookie"])
async def test_a_token_in_another_header_proves_nothing(name: str) -> None:
    answer = await ask(Recorder(), [(name, f"Bearer {TOKEN}")])
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


async def test_while_nobody_is_known_a_token_is_put_off() -> None:
    answer = await ask(Recorder(), bearing(TOKEN), readers=Readers(present))
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "1"


async def test_who_answers_for_long_can_ask_whether_the_reader_still_reads() -> None:
    readers = known()
    await ask(recorder := Recorder(), bearing(TOKEN), readers=readers)
    still_reads = recorder.scopes[0]["still_reads"]
    assert still_reads()
    readers.fill({sha256(OTHER.encode()): Token(ALPHA)})
    assert not still_reads()
    readers.fill({sha256(TOKEN.encode()): Token(Reader("alpha", Scope(("EUR*",))))})
    assert not still_reads(), "it may read something else now"
    readers.fill({sha256(TOKEN.encode()): Token(ALPHA)})
    assert still_reads()


async def test_the_log_says_who_reads_and_never_with_what(log_lines: list[EventDict]) -> None:
    for token in (TOKEN, OTHER):
        await ask(Recorder(), bearing(token), f"?token={token}")
    told = [line for line in log_lines if line["event"] == "token_validation"]
    assert [(line["log_level"], line.get("reader"), line["result"]) for line in told] == [
        ("info", "alpha", "valid"),
        ("warning", None, "invalid"),
    ]
    confidential.check_text(str(log_lines).encode(), "the log")


async def test_open_reading_asks_nobody() -> None:
    recorder = Recorder()
    app = RequestContext(OpenReading(recorder))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://signals") as client:
        assert (await client.get("/feed", headers=list(bearing(OTHER)))).status_code == 204
    assert recorder.scopes[0]["reader"] == Reader(None, Scope())
    assert recorder.scopes[0]["still_reads"]()
