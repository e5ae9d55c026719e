"""By what a request is known again: the key that its producer chose, and what its signal says."""

import re
from collections.abc import Callable

from starlette.types import Scope

from service.http import strict_json
from service.http.headers import values
from service.kernel.limits import Limits
from service.notation.duplicates import Duplicates
from service.proof.authentication import Sender
from service.receipts.claims import Claim, Content, claim_of_content, claim_of_key
from service.receipts.errors import IdempotencyKeyInvalid
from service.receipts.statement import NewSignal
from service.settings import Settings

DuplicatesOf = Callable[[str], Duplicates]
"""What becomes of the duplicates of a producer."""

BARE_FORM = r'(?!")[ -~]{1,128}'
QUOTED_FORM = r'"(?:[ !#-\[\]-~]|\\["\\]){1,128}"'
"""How a key may be written."""

_BARE, _QUOTED = re.compile(BARE_FORM.encode()), re.compile(QUOTED_FORM.encode())
_ESCAPED = re.compile(rb'\\(["\\])')


def idempotency_key(scope: Scope) -> bytes | None:
    """The value of `Idempotency-Key`: a string of RFC 8941 section 3.3.3, as draft-ietf-httpapi-idempotency-key-header
    has it, or the same without quotes, as most clients send it.

    Raises IdempotencyKeyInvalid when it is neither, or not the only one.
    """
    given = values(scope, b"idempotency-key")
    if not given:
        return None
    if len(given) > 1:
        raise IdempotencyKeyInvalid
    if _QUOTED.fullmatch(given[0]):
        return _ESCAPED.sub(rb"\1", given[0][1:-1])
    if _BARE.fullmatch(given[0]):
        return given[0]
    raise IdempotencyKeyInvalid


class Recognition:
    """Makes the claims of requests on one route."""

    def __init__(self, route: str, settings: Settings, limits: Limits, duplicates_of: DuplicatesOf) -> None:
        self._route = route
        self._key_seconds = limits.idempotency_seconds
        self._content_seconds = settings.signals_duplicate_seconds
        self._duplicates_of = duplicates_of

    def by_key(self, scope: Scope, body: bytes, sender: Sender) -> Claim | None:
        """The claim of the key under which a request was sent, None where there is none. Raises
        IdempotencyKeyInvalid."""
        key = idempotency_key(scope)
        if key is None:
            return None
        return claim_of_key(
            key.decode("ascii"),
            body,
            route=self._route,
            producer_id=sender.producer_id,
            signed=sender.mac is not None,
            seconds=self._key_seconds,
        )

    def by_content(self, signal: NewSignal, sender: Sender) -> Content | None:
        """The claim of what a signal says, its payload as it is written, since every digit may tell one from another.
        None where the same may be said again: without a producer id nothing is a duplicate."""
        if sender.producer_id is None:
            return None
        duplicates = self._duplicates_of(sender.producer_id)
        if duplicates == "store":
            return None
        claim = claim_of_content(
            producer_id=sender.producer_id,
            signed=sender.mac is not None,
            instrument=signal.instrument,
            side=signal.side,
            time=signal.time,
            payload=None if signal.payload is None else strict_json.parse(signal.payload),
            version=signal.version,
            seconds=self._content_seconds,
        )
        return Content(claim, refuse=duplicates == "refuse")
