"""What a request asks for: the parameters of its query, each judged before anything is looked at."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from starlette.types import Scope

from service.feed.position import Position
from service.http.errors import ValidationFailed
from service.kernel.errors import FieldFault
from service.kernel.timestamps import parse_timestamp
from service.proof.headers import PRODUCER_ID_FORM
from service.readers.filter import Filter

PAGE_ROWS, PAGE_ROWS_MAX = 100, 1000
WAIT_SECONDS_MAX = 30
VALUES_MAX = 100
"""How many instruments, and how many producers, a query may name."""

_NAME = re.compile("[A-Za-z_]{1,32}")
_PATTERN = re.compile(r"[A-Z0-9._-]{2,20}|[A-Z0-9._-]{0,20}\*")
_PREFIX = re.compile("[A-Z0-9._-]{0,20}")
_PRODUCER = re.compile(PRODUCER_ID_FORM)
_WAIT = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,3})?")

Value = TypeVar("Value")


class _Fault(ValueError):
    """A value that is not what its parameter takes; the message says what that is."""


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """A page of the feed that is asked for, and for how many seconds it is waited for while there is nothing."""

    filter: Filter
    after: Position | None
    since: datetime | None
    before: datetime | None
    limit: int
    wait: float


@dataclass(frozen=True, slots=True)
class InstrumentsQuery:
    """Instruments that begin with something, and come after a name; with `unapproved` those too of which there are only
    signals that wait for approval."""

    prefix: str
    after: str
    limit: int
    unapproved: bool


@dataclass(frozen=True, slots=True)
class LiveQuery:
    """A stream that is asked for."""

    filter: Filter
    after: Position | None


class _Parameters:
    """The parameters of a query that has these and no others. All faults are found before any is told."""

    def __init__(self, scope: Scope, single: set[str], several: set[str]) -> None:
        self._given: dict[str, list[str]] = {}
        self._faults: list[FieldFault] = []
        try:
            pairs = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise ValidationFailed([_fault(None, "Input should be UTF-8, percent-encoded")]) from None
        for name, value in pairs:
            self._given.setdefault(name, []).append(value)
        for name, values in self._given.items():
            if name not in single | several:
                known = ", ".join(sorted(single | several))
                self._faults.append(_fault(name if _NAME.fullmatch(name) else None, f"There are only {known}"))
            elif name in single and len(values) > 1:
                self._faults.append(_fault(name, "Input should be given once"))
            elif len(values) > VALUES_MAX:
                self._faults.append(_fault(name, f"Input should be given at most {VALUES_MAX} times"))

    def one(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        """The value of a parameter."""
        return self._parsed(name, self._given[name][0], parse, default) if name in self._given else default

    def all(self, name: str, parse: Callable[[str], str]) -> frozenset[str] | None:
        """All values of a parameter that may be given several times; None when it is not given."""
        values = self._given.get(name)
        return None if values is None else frozenset(self._parsed(name, value, parse, "") for value in values)

    def judge(self) -> None:
        """Raises ValidationFailed with all faults that there are."""
        if self._faults:
            raise ValidationFailed(self._faults)

    def _parsed(self, name: str, text: str, parse: Callable[[str], Value], default: Value) -> Value:
        try:
            return parse(text)
        except _Fault as fault:
            self._faults.append(_fault(name, str(fault)))
        return default


def feed_query(scope: Scope) -> FeedQuery:
    """What a request for a page asks for. Raises ValidationFailed and CursorInvalid."""
    single = {"after", "from", "to", "payload", "limit", "wait", "live", "unapproved"}
    given = _Parameters(scope, single, {"instrument", "producer"})
    since, before = given.one("from", _time, None), given.one("to", _time, None)
    limit, wait = given.one("limit", _limit, PAGE_ROWS), given.one("wait", _wait, 0.0)
    filter = _filter(given, given.one("payload", _payload, None))
    after = given.one("after", str, None)
    given.judge()
    return FeedQuery(filter, None if after is None else Position.parse(after), since, before, limit, wait)


def live_query(scope: Scope, last_event_id: str | None) -> LiveQuery:
    """What a request for a stream asks for; the id of the last event that its reader has seen wins over `after`. Raises
    ValidationFailed and CursorInvalid."""
    given = _Parameters(scope, {"after", "live", "unapproved"}, {"instrument", "producer"})
    filter, after = _filter(given, None), given.one("after", str, None)
    given.judge()
    cursor = last_event_id or after
    return LiveQuery(filter, None if cursor is None else Position.parse(cursor))


def instruments_query(scope: Scope) -> InstrumentsQuery:
    """What a request for instruments asks for. Raises ValidationFailed."""
    given = _Parameters(scope, {"prefix", "after", "limit", "unapproved"}, set())
    prefix, after = given.one("prefix", _begin, ""), given.one("after", _begin, "")
    limit, unapproved = given.one("limit", _limit, PAGE_ROWS), given.one("unapproved", _truth, False)
    given.judge()
    return InstrumentsQuery(prefix, after, limit, unapproved)


def unapproved_query(scope: Scope) -> bool:
    """Whether a request that can ask for nothing else asks for what waits for approval too. Raises ValidationFailed."""
    given = _Parameters(scope, {"unapproved"}, set())
    unapproved = given.one("unapproved", _truth, False)
    given.judge()
    return unapproved


def _filter(given: _Parameters, payload: str | None) -> Filter:
    live, unapproved = given.one("live", _truth, False), given.one("unapproved", _truth, False)
    return Filter(given.all("instrument", _instrument), given.all("producer", _producer), payload, live, unapproved)


def _fault(name: str | None, message: str) -> FieldFault:
    return {"loc": ["query"] if name is None else ["query", name], "msg": message, "type": "value_error"}


def _matching(form: re.Pattern[str], text: str, expected: str) -> str:
    if form.fullmatch(text) is None:
        raise _Fault(f"Input should be {expected}")
    return text


def _instrument(text: str) -> str:
    expected = "the name of an instrument, or its beginning and `*`, like XAUUSD or XAU*"
    return _matching(_PATTERN, text, expected)


def _begin(text: str) -> str:
    return _matching(_PREFIX, text, "at most 20 characters: A-Z, 0-9, dot, underscore or hyphen")


def _producer(text: str) -> str:
    return _matching(_PRODUCER, text, "1 to 64 printable ASCII characters without spaces")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= PAGE_ROWS_MAX):
        raise _Fault(f"Input should be a whole number from 1 to {PAGE_ROWS_MAX}")
    return int(text)


def _wait(text: str) -> float:
    if _WAIT.fullmatch(text) is None or float(text) > WAIT_SECONDS_MAX:
        raise _Fault(f"Input should be a number of seconds from 0 to {WAIT_SECONDS_MAX}")
    return float(text)


def _truth(text: str) -> bool:
    if text not in {"true", "false"}:
        raise _Fault("Input should be true or false")
    return text == "true"


def _time(text: str) -> datetime:
    """In a query `+` means a space, and who writes `+02:00` there means `+`."""
    try:
        return parse_timestamp(text.replace(" ", "+"))
    except ValueError:
        raise _Fault("Input should be a date and time with a zone, like 2026-01-31T12:00:00Z") from None


def _payload(text: str) -> str:
    try:
        value: Mapping[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        value = {}
    if not isinstance(value, dict) or not value:
        raise _Fault("Input should be a JSON object with at least one field")
    return text
