"""The published operations of those who decide what becomes of signals."""

from service.feed.errors import FeedUnavailable
from service.http.errors import DuplicateKey, InvalidJson, UnsupportedMediaType, ValidationFailed
from service.kernel.errors import Refusal, refusals_below
from service.lifecycle.errors import DecisionRefusal
from service.manual import specimens
from service.manual.answers import ANYWHERE, Json, answer, ref, refused_answers
from service.manual.headers import SIGNING_HEADERS
from service.proof.errors import AuthenticationRefusal
from service.readers.errors import TokenRefusal

TOKEN_OR_SIGNATURE: list[Json] = [{"ReaderToken": []}, {name: [] for name in SIGNING_HEADERS}]
"""A reader shows its token, or else a producer signs."""

_OF_WHO_DECIDES = [TokenRefusal, AuthenticationRefusal, DecisionRefusal]

_OF_BODIES: list[type[Refusal]] = [InvalidJson, DuplicateKey, UnsupportedMediaType, ValidationFailed]


def deciding_paths() -> Json:
    """Paths and their operations."""
    return {"/api/v1/signals/{id}/status": {"post": _decide()}}


def signal_id() -> Json:
    """The parameter of a path."""
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}


def _decide() -> Json:
    of_who_decides = (refusal for root in _OF_WHO_DECIDES for refusal in refusals_below(root))
    refusals = [*ANYWHERE, *_OF_BODIES, FeedUnavailable, *of_who_decides]
    decided = answer("StatusEvent", "Decided, now or by the same word before", ["ETag"])
    decided["content"]["application/json"]["example"] = specimens.DECIDED
    condition = {
        "name": "If-Match",
        "in": "header",
        "description": "Only if the state has this version, as in `ETag`",
        "schema": {"type": "string"},
        "example": '"0"',
    }
    return {
        "operationId": "decideSignal",
        "summary": "Queue a signal, or close it",
        "description": "For readers that may approve. A producer withdraws a signal of its own with a signature.",
        "tags": ["deciding"],
        "security": TOKEN_OR_SIGNATURE,
        "parameters": [signal_id(), condition, ref("parameters", "X-Request-Id")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("schemas", "StatusChange")}}},
        "responses": {"200": decided, **refused_answers(refusals)},
    }
