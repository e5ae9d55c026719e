"""The path as it was sent."""

import pytest
from starlette.types import Scope

from service.http.exact_path import ExactPath
from tests.http.asgi import Recorder, discard, http_scope, never


@pytest.mark.parametrize("raw", [b"/api/v1/%73ignals", b"/%2e/path", b"/path%2F", b"/%"])
@pytest.mark.anyio
async def test_routes_see_the_path_as_it_was_sent(raw: bytes) -> None:
    inner = Recorder()
    await ExactPath(inner)(http_scope(path="/decoded", raw_path=raw), never, discard)
    assert [scope["path"] for scope in inner.scopes] == [raw.decode()]


@pytest.mark.parametrize("scope", [http_scope(raw_path=b"/path"), http_scope()])
@pytest.mark.anyio
async def test_a_plain_path_passes(scope: Scope) -> None:
    inner = Recorder()
    await ExactPath(inner)(scope, never, discard)
    assert inner.scopes == [scope]
