"""What is accepted is stored digit for digit, and what would not be is refused before."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.http import strict_json
from service.intake.signal import parse_signal
from service.intake.writer import Writer
from service.kernel.errors import Refusal
from tests.intake.storing import UNSIGNED, storing
from tests.running.postgres import Database

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
NUMBERS = (
    st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-(10**20), max_value=10**20)
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


def written(value: Any, escaped: bool) -> str:
    """JSON text of a value that may hold Decimals, with every digit."""
    if isinstance(value, dict):
        members = (f"{written(key, escaped)}: {written(member, escaped)}" for key, member in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(member, escaped) for member in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=escaped)


def exact(text: str) -> Any:
    """The value of a JSON text, each number as a Decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.fixture(scope="module")
def writer(shared_database: Database, portal: BlockingPortal) -> Iterator[Writer]:
    """A writer that runs for all examples."""
    with portal.wrap_async_context_manager(storing(shared_database.url)) as writer:
        yield writer


StorePayload = Callable[[bytes], str]


@pytest.fixture
def store_payload(shared_database: Database, portal: BlockingPortal, writer: Writer) -> StorePayload:
    """Takes a body in through the service's schema and its writer; the payload as PostgreSQL writes it then."""

    def store(body: bytes) -> str:
        signal = parse_signal(body, 32768)
        new = UNSIGNED._replace(payload=None if signal.payload is None else strict_json.payload(body))
        stored = portal.call(writer.store, new)
        text: str = shared_database.value("SELECT payload::text FROM signals WHERE id = $1", stored.id)
        return text

    return store


IN_ONE_DATABASE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@IN_ONE_DATABASE
@given(payload=st.dictionaries(TEXT, VALUES, max_size=5), escaped=st.booleans())
@example(payload={"": {"": [None, True, "測試数据 😀"]}}, escaped=True)
@example(payload={"price": Decimal("1950.50"), "long": Decimal("0.1234567890123456789012345")}, escaped=False)
@example(payload={"many": 123456789012345678901234567890}, escaped=False)
def test_what_is_accepted_is_stored_digit_for_digit(store_payload: StorePayload, payload: Any, escaped: bool) -> None:
    text = written(payload, escaped)
    body = f'{{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{text}}}'.encode()
    assert exact(store_payload(body)) == exact(text)


# JSON as it might come: escapes, extreme numbers, deep nesting, repeated keys.
ODD_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,6})?", fullmatch=True)
ODD_STRINGS = st.from_regex(r'"([a-z]|\\u[0-9a-f]{4}|\\u0000|\\\\|\\"){0,6}"', fullmatch=True)
ODD_JSON = st.recursive(
    ODD_NUMBERS | ODD_STRINGS | st.sampled_from(["true", "false", "null"]),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: "[" + ",".join(parts) + "]")
        | st.lists(st.tuples(ODD_STRINGS, inner), max_size=4).map(
            lambda parts: "{" + ",".join(f"{key}:{value}" for key, value in parts) + "}"
        )
    ),
    max_leaves=10,
)


@IN_ONE_DATABASE
@given(text=ODD_JSON, elsewhere=ODD_JSON)
@example(text='{"a":0e131071}', elsewhere="1")
@example(text='{"a":1e-307,"b":0e-16383,"c":true}', elsewhere="5e-324")
@example(text='{"a":0.' + "1" * 16_383 + "}", elsewhere="null")
@example(text='{"a":' + "[" * 190 + "]" * 190 + "}", elsewhere="null")
def test_what_the_schema_accepts_postgresql_accepts(store_payload: StorePayload, text: str, elsewhere: str) -> None:
    """A body is refused by the schema or stored; there is nothing in between that would be a 500."""
    body = (
        f'{{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{{"p":{text}}},"x":{elsewhere}}}'
    ).encode()
    try:
        parse_signal(body, 32768)
    except Refusal:
        return
    assert exact(store_payload(body)) == {"p": exact(text)}


@pytest.mark.anyio
async def test_times_are_stored_to_the_microsecond_at_both_ends(shared_database: Database) -> None:
    ends = [datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
    async with storing(shared_database.url) as writer:
        stored = [await writer.store(UNSIGNED._replace(time=end)) for end in ends]
    for end, outcome in zip(ends, stored, strict=True):
        assert shared_database.value("SELECT time FROM signals WHERE id = $1", outcome.id) == end
