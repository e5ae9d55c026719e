"""The guard that proves who sent a request, and writes the audit trail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.kernel.logs import log
from service.kernel.ration import Ration
from service.kernel.timestamps import Clock
from service.proof import doctor, signing
from service.proof.errors import ProofRefusal, SignatureMismatch
from service.proof.mistakes import Presented
from service.proof.signing_headers import Claim, sane_producer_id


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request: the producer id, proven when signing is on, the MAC that proved it and when it was made."""

    producer_id: str | None
    mac: bytes | None = None
    signed_at: datetime | None = None


FindSecrets = Callable[[str], Sequence[bytes]]
"""The secrets with which a producer may sign now: none when it is unknown, several while one is being replaced."""


class ProducerAuthentication:
    """Proves what a request claims about the sender of its body, and leaves it in `scope["state"]["sender"]`. Those who
    are refused get hints while the ration lasts."""

    def __init__(self, app: ASGIApp, find_secrets: FindSecrets, clock: Clock, hints: Ration) -> None:
        self.app = app
        self.find_secrets = find_secrets
        self.clock = clock
        self.hints = hints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        claim: Claim = scope["state"]["claim"]
        try:
            sender = self._prove(claim, scope["state"]["body"])
        except ProofRefusal as refusal:
            log.warning("hmac_validation", producer_id=claim.producer_id, result="failure", reason=refusal.reason)
            raise
        log.info("hmac_validation", producer_id=claim.producer_id, result="success", reason="valid_signature")
        scope["state"]["sender"] = sender
        await self.app(scope, receive, send)

    def _prove(self, claim: Claim, body: bytes) -> Sender:
        """The time is looked at again: a body may have taken longer to arrive than its receipt would be kept."""
        now = self.clock()
        request = Presented(body, claim.timestamp, claim.producer_id.encode("ascii"), claim.signature)
        secrets = self.find_secrets(claim.producer_id)
        try:
            signed_at = signing.check_window(request.timestamp, now)
            mac = signing.verify(secrets, request.body, request.timestamp, request.producer_id, request.signature)
            return Sender(claim.producer_id, mac, signed_at)
        except SignatureMismatch as refusal:
            refusal.extra = doctor.examine(request, secrets, now, self.hints)
            raise
        except ProofRefusal as refusal:
            refusal.extra = doctor.examine_headers(refusal, request.timestamp, request.signature, now)
            raise


class UnprovenSender:
    """For a service with signing off: a well-formed producer id is recorded, the other headers are ignored."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["sender"] = Sender(sane_producer_id(values(scope, b"x-producer-id")))
        await self.app(scope, receive, send)
