"""The guard that looks at the signing headers before anything is read of the body."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.kernel.timestamps import Clock
from service.proof import doctor, signing
from service.proof.errors import (
    AuthenticationRefusal,
    HeaderMissing,
    HeaderRepeated,
    ProducerIdInvalid,
    ProofRefusal,
)
from service.proof.headers import PRODUCER_ID_FORM
from service.proof.trail import tell_refused

_SANE_PRODUCER_ID = re.compile(PRODUCER_ID_FORM.encode())


class Claim(NamedTuple):
    """What the signing headers of a request say: well-formed, in time, and not proven."""

    producer_id: str
    timestamp: bytes
    signature: bytes


class SigningHeaders:
    """Refuses a request that cannot be proven whatever its body is, and leaves what the others claim in
    `scope["state"]["claim"]`."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self.app = app
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        producer_ids = values(scope, b"x-producer-id")
        producer_id = sane_producer_id(producer_ids)
        try:
            scope.setdefault("state", {})["claim"] = self._read(scope, producer_ids, producer_id)
        except AuthenticationRefusal as refusal:
            tell_refused(producer_id, refusal)
            raise
        await self.app(scope, receive, send)

    def _read(self, scope: Scope, producer_ids: list[bytes], producer_id: str | None) -> Claim:
        given = {
            "X-Producer-Id": producer_ids,
            "X-Timestamp": values(scope, b"x-timestamp"),
            "X-Signature": values(scope, b"x-signature"),
        }
        if any(len(values) > 1 for values in given.values()):
            raise HeaderRepeated
        if missing := [name for name, values in given.items() if not values]:
            raise HeaderMissing(missing)
        if producer_id is None:
            raise ProducerIdInvalid
        return self._check(Claim(producer_id, given["X-Timestamp"][0], given["X-Signature"][0]))

    def _check(self, claim: Claim) -> Claim:
        now = self.clock()
        try:
            signing.check_window(claim.timestamp, now)
            signing.check_form(claim.signature)
        except ProofRefusal as refusal:
            refusal.extra = doctor.examine_headers(refusal, claim.timestamp, claim.signature, now)
            raise
        return claim


def sane_producer_id(values: Sequence[bytes]) -> str | None:
    """The producer id in the values of its header; None unless there is one and it is well-formed."""
    well_formed = len(values) == 1 and _SANE_PRODUCER_ID.fullmatch(values[0])
    return values[0].decode("ascii") if well_formed else None
