"""How the document publishes the headers."""

from typing import Any

from service.http.headers import REQUEST_ID_FORM
from service.kernel.timestamps import FORM
from service.proof.headers import PRODUCER_ID_FORM
from service.rates.fields import LIMIT, POLICY
from service.receipts.recognition import BARE_FORM, QUOTED_FORM

Header = dict[str, Any]

SIGNING_HEADERS: dict[str, Header] = {
    "X-Producer-Id": {
        "description": "Who sends: 1 to 64 printable ASCII characters without spaces",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{PRODUCER_ID_FORM}$"},
        "example": "my-bot",
    },
    "X-Timestamp": {
        "description": "Now, at most 300 seconds from the clock of the service",
        "required": True,
        "schema": {"type": "string", "format": "date-time", "pattern": f"^{FORM.pattern}$"},
        "example": "2026-01-31T12:00:01Z",
    },
    "X-Signature": {
        "description": "HMAC-SHA256 over body, timestamp and producer id, in canonical standard base64",
        "required": True,
        "schema": {"type": "string", "format": "hmac-sha256", "pattern": "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$"},
        "example": "BAhm6QSNB7HHmglEql/Rz6uP1O3VzHGk468UYf1iLsg=",
    },
}

REQUEST_ID: Header = {
    "description": "An id of your own for this request: at most 128 of `A-Z a-z 0-9 . _ -`. Any other is replaced",
    "schema": {"type": "string"},
}

IDEMPOTENCY_KEY: Header = {
    "description": "A key of your own for this request, in quotes or without: under it the same body is stored once in "
    "24 hours, also signed anew",
    "schema": {"type": "string", "pattern": f"^(?:{BARE_FORM}|{QUOTED_FORM})$"},
    "example": '"9f1c3b52-6d0e-4b7c-8a55-0d4f6c1e2a77"',
}

# Without Connection and Keep-Alive: they are between two neighbours on the way, so that each proxy has its own.
ANSWER_HEADERS: dict[str, Header] = {
    "X-Request-Id": {
        "description": "The id of the request in the logs: your own if it was acceptable, else a new one",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{REQUEST_ID_FORM}$"},
    },
    "Link": {
        "description": "Where the code is explained",
        "required": True,
        "schema": {"type": "string", "pattern": '^</docs/errors#[a-z_]+>; rel="help"$'},
    },
    "Retry-After": {
        "description": "After how many seconds to send the same request again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to sign, or how to show a token (RFC 6750)",
        "required": True,
        "schema": {"type": "string", "pattern": '^(HMAC-SHA256|Bearer realm="signals"(, error="invalid_token")?)$'},
    },
    "Allow": {
        "description": "The methods that this path takes",
        "required": True,
        "schema": {"type": "string", "pattern": "^(GET|HEAD|POST)(, (GET|HEAD|POST))*$"},
    },
    "ETag": {
        "description": "The version of the state of the signal, for `If-Match`",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        "example": '"1"',
    },
    "Duplicate-Of": {
        "description": "The id of the signal that the producer has sent before, which said the same",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    "Idempotent-Replayed": {
        "description": "`true` when this is the first answer to the same signed bytes, or the same key, given again",
        "schema": {"type": "string", "enum": ["true"]},
    },
    POLICY: {
        "description": "How many new signals (`q`) the producer may send in how many seconds (`w`), if it has a rate",
        "schema": {"type": "string", "pattern": '^"producer";q=[1-9][0-9]*;w=[1-9][0-9]*$'},
        "example": '"producer";q=100;w=1',
    },
    LIMIT: {
        "description": "How many of them it may send now (`r`), and in how many seconds one more than these (`t`)",
        "schema": {"type": "string", "pattern": '^"producer";r=[0-9]+;t=[1-9][0-9]*$'},
        "example": '"producer";r=42;t=1',
    },
}
