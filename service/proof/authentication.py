"""The guard that proves who sent a request, and writes the audit trail."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.http.ration import Ration
from service.kernel import metrics
from service.kernel.errors import Refusal, refusals_below
from service.kernel.logs import log
from service.kernel.timestamps import Clock
from service.kernel.tracing import tell_proven
from service.keyring.keyring import Key
from service.proof import doctor, signing
from service.proof.errors import AuthenticationRefusal, ProofRefusal, SignatureMismatch
from service.proof.mistakes import Presented
from service.proof.signing_headers import Claim, sane_producer_id
from service.proof.trail import tell_refused

_PROVEN = "valid_signature"


class Sender(NamedTuple):
    """Who sent a request: the producer id, proven when signing is on, the MAC that proved it, when it was made, and the
    id of the key, None for the shared secret."""

    producer_id: str | None
    mac: bytes | None = None
    signed_at: datetime | None = None
    key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Proving:
    """What proves: the keys with which a producer may sign, what raises a refusal unless the request with a MAC was
    stored before, and what counts that a key was used."""

    find_keys: Callable[[str, datetime], Sequence[Key]]
    require_stored: Callable[[bytes, Refusal], Awaitable[None]]
    count_use: Callable[[UUID], None]


class ProducerAuthentication:
    """Proves what a request claims about the sender of its body, and leaves it in `scope["state"]["sender"]`. Those who
    are refused get hints while the ration lasts."""

    def __init__(self, app: ASGIApp, proving: Proving, clock: Clock, hints: Ration) -> None:
        self.app = app
        self.proving = proving
        self.clock = clock
        self.hints = hints
        self.successes = metrics.proved("success", _PROVEN)
        for refusal in refusals_below(AuthenticationRefusal):
            metrics.proved("failure", refusal.reason)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claim: Claim = scope["state"]["claim"]
        try:
            sender = await self._prove(claim, scope["state"]["body"])
        except ProofRefusal as refusal:
            tell_refused(claim.producer_id, refusal)
            raise
        tell_proven()
        self.successes.inc()
        key_id = sender.key_id and str(sender.key_id)
        log.info("hmac_validation", producer_id=claim.producer_id, key_id=key_id, result="success", reason=_PROVEN)
        scope["state"]["sender"] = sender
        await self.app(scope, receive, send)

    async def _prove(self, claim: Claim, body: bytes) -> Sender:
        """The time is looked at again: a body may have taken longer to arrive than its receipt would be kept."""
        now = self.clock()
        request = Presented(body, claim.timestamp, claim.producer_id.encode("ascii"), claim.signature)
        keys = self.proving.find_keys(claim.producer_id, now)
        try:
            signed_at = signing.check_window(request.timestamp, now)
            mac, place = signing.verify(
                _secrets(keys), request.body, request.timestamp, request.producer_id, request.signature
            )
            if keys[place].has_ended(now):
                await self.proving.require_stored(mac, SignatureMismatch())
        except SignatureMismatch as refusal:
            # The newest first, since the doctor tries only few: a producer that signs wrongly is likely new to its key.
            in_use = [key for key in reversed(keys) if not key.has_ended(now)]
            refusal.extra = doctor.examine(request, _secrets(in_use), now, self.hints)
            raise
        except ProofRefusal as refusal:
            refusal.extra = doctor.examine_headers(refusal, request.timestamp, request.signature, now)
            raise
        key_id = keys[place].id
        if key_id is not None:
            self.proving.count_use(key_id)
        return Sender(claim.producer_id, mac, signed_at, key_id)


def _secrets(keys: Iterable[Key]) -> list[bytes]:
    return [key.secret for key in keys if key.secret is not None]


class UnprovenSender:
    """For a service with signing off: a well-formed producer id is recorded, the other headers are ignored."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["sender"] = Sender(sane_producer_id(values(scope, b"x-producer-id")))
        await self.app(scope, receive, send)
