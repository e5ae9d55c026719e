"""The size of a body on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.http.body_limit import BodyLimit
from service.http.errors import BodyTooLarge, RequestTimeout
from tests.http.asgi import Recorder, discard, http_scope, in_chunks, never, part, post, receiving


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
async def test_a_refusal_of_the_front_door_does_not_keep_what_was_read() -> None:
    """Left in the state, its traceback would, for as long as the connection lasts."""
    scope = http_scope(state={"refusal": RequestTimeout()})
    with pytest.raises(RequestTimeout):
        await BodyLimit(never, 100)(scope, receiving(part(b"abc", more=True)), never)
    assert scope["state"] == {}


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
        await BodyLimit(inner, limit)(scope, receiving(*messages), discard)
        assert inner.state["body"] == b"".join(chunks)
