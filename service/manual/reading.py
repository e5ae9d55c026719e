"""The published operations of those who read."""

from collections.abc import Sequence
from typing import Any

from service.feed.errors import CursorExpired, CursorInvalid, FeedUnavailable, TooManyStreams
from service.http.errors import ValidationFailed
from service.kernel.errors import Refusal, refusals_below
from service.manual.answers import ANYWHERE, Json, answer, ref, refused_answers, text_answer
from service.manual.deciding import TOKEN_OR_SIGNATURE, signal_id
from service.proof.errors import AuthenticationRefusal
from service.readers.errors import TokenInvalid, TokenMissing
from service.reading.query import PAGE_ROWS, PAGE_ROWS_MAX, VALUES_MAX, WAIT_SECONDS_MAX

_READING: list[type[Refusal]] = [TokenMissing, TokenInvalid, ValidationFailed, FeedUnavailable]
_FEED: list[type[Refusal]] = [CursorInvalid, CursorExpired, TooManyStreams]

_PATTERN = "^([A-Z0-9._-]{2,20}|[A-Z0-9._-]{0,20}\\*)$"


def reading_paths() -> Json:
    """Paths and their operations."""
    return {
        "/api/v1/signals/{id}": {"get": _signal()},
        "/api/v1/feed": {
            "get": _get("readFeed", "The signals in their order, page by page", "FeedPage", _feed(), _FEED)
        },
        "/api/v1/feed/live": {"get": _follow()},
        "/api/v1/overview": {"get": _get("getOverview", "How much is stored and refused", "Overview", [_UNAPPROVED])},
        "/api/v1/instruments": {
            "get": _get("listInstruments", "What there are signals of", "InstrumentsPage", _instruments())
        },
    }


def _signal() -> Json:
    """A producer may look at a signal of its own, signed over an empty body."""
    proof = refusals_below(AuthenticationRefusal)
    operation = _get("getSignal", "One signal, as it is now", "SignalWithHistory", [signal_id(), _UNAPPROVED], proof)
    operation["responses"]["200"] = answer("SignalWithHistory", headers=["ETag"])
    return operation | {"security": TOKEN_OR_SIGNATURE}


def _follow() -> Json:
    last = {"name": "Last-Event-ID", "in": "header", "description": "The same, and wins over it", "schema": _TEXT}
    after = _query("after", "The cursor after which to go on; without it, from now on", _TEXT)
    operation = _get("followFeed", "The signals as they come", "Signal", [after, last, *_filter()], _FEED)
    operation["responses"]["200"] = text_answer("text/event-stream") | {
        "description": "Server-sent events, without end"
    }
    return operation


def _feed() -> list[Json]:
    moment = {"type": "string", "format": "date-time"}
    return [
        _query("after", "The cursor of the page before; without it, and without `from`, from the oldest on", _TEXT),
        _query("from", "Stored at this time or later; after a cursor too", moment),
        _query("to", "Stored before this time", moment),
        *_filter(),
        _query("payload", "A JSON object that the payload must contain, as PostgreSQL's `@>` means it", _TEXT),
        _query("limit", "How many at most", _LIMIT),
        _query(
            "wait",
            "For how many seconds to wait while there is nothing",
            {"type": "number", "minimum": 0, "maximum": WAIT_SECONDS_MAX, "default": 0},
        ),
    ]


def _filter() -> list[Json]:
    several = {"type": "array", "maxItems": VALUES_MAX}
    return [
        _query(
            "instrument",
            "One of these; a name that ends in `*` stands for all that begin so",
            several | {"items": {"type": "string", "pattern": _PATTERN}},
        ),
        _query("producer", "Of one of these", several | {"items": {"type": "string", "pattern": "^[!-~]{1,64}$"}}),
        _query("live", "Only what is neither closed nor expired", _FLAG),
        _UNAPPROVED,
    ]


def _instruments() -> list[Json]:
    name = {"type": "string", "pattern": "^[A-Z0-9._-]{0,20}$"}
    return [
        _UNAPPROVED,
        _query("prefix", "What the names begin with", name),
        _query("after", "The last name of the page before", name),
        _query("limit", "How many at most", _LIMIT),
    ]


_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean", "default": False}
_LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": PAGE_ROWS_MAX, "default": PAGE_ROWS}


def _query(name: str, description: str, schema: dict[str, Any]) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_UNAPPROVED = _query("unapproved", "With what nobody has approved yet; who may approve always sees it", _FLAG)


def _get(
    operation_id: str, summary: str, schema: str, parameters: Sequence[Json], more: Sequence[type[Refusal]] = ()
) -> Json:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["reading"],
        "security": [{"ReaderToken": []}],
        "parameters": [*parameters, ref("parameters", "X-Request-Id")],
        "responses": {"200": answer(schema), **refused_answers([*ANYWHERE, *_READING, *more])},
    }
