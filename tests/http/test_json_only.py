"""The content types that are taken."""

import pytest

from service.http.errors import UnsupportedMediaType
from service.http.json_only import JsonOnly
from tests.http.asgi import BODY, Headers, Recorder, never, post


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
    "codings", [["identity"], ["Identity"], [""], ["identity, identity"], ["identity", "identity"]]
)
@pytest.mark.anyio
async def test_a_body_that_is_not_coded_passes_however_that_is_said(codings: list[str]) -> None:
    headers = [("Content-Type", "application/json"), *(("Content-Encoding", coding) for coding in codings)]
    assert (await post(JsonOnly(Recorder()), headers, BODY)).status_code == 204


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([], "Content-Type is missing"),
        ([("Content-Type", "application/json")] * 2, "given more than once"),
        ([("Content-Type", "text/plain")], "not application/json"),
        ([("Content-Type", "")], "not application/json"),
        ([("Content-Type", "application/json; charset=latin-1")], "a charset that is not UTF-8"),
        ([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], "compressed"),
        ([("Content-Type", "application/json"), ("Content-Encoding", "identity, br")], "compressed"),
    ],
)
@pytest.mark.anyio
async def test_the_detail_tells_which_of_these_it_is(headers: Headers, told: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refused:
        await post(JsonOnly(never), headers, BODY)
    assert told in str(refused.value.detail)


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
