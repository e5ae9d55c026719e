"""The guard that proves who sent a request, and writes the audit trail."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.kernel.logs import log
from service.kernel.ration import Ration
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
from service.proof.mistakes import Presented

_SANE_PRODUCER_ID = re.compile(PRODUCER_ID_FORM.encode())


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request: the producer id, proven when signing is on, and the MAC that proved it."""

    producer_id: str | None
    mac: bytes | None


FindSecrets = Callable[[str], Sequence[bytes]]
"""The secrets with which a producer may sign now: none when it is unknown, several while one is being replaced."""


class ProducerAuthentication:
    """Proves who sent the body, and leaves it in `scope["state"]["sender"]`. With `find_secrets` None signing is
    off: the headers are ignored, but for a well-formed producer id, which is recorded. Those who are refused get
    hints while the ration lasts."""

    def __init__(self, app: ASGIApp, find_secrets: FindSecrets | None, clock: Clock, hints: Ration) -> None:
        self.app = app
        self.find_secrets = find_secrets
        self.clock = clock
        self.hints = hints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        producer_ids = values(scope, b"x-producer-id")
        producer_id = _sane_producer_id(producer_ids)
        if self.find_secrets is None:
            scope["state"]["sender"] = Sender(producer_id, None)
            await self.app(scope, receive, send)
            return
        try:
            mac = self._prove(scope, producer_ids, producer_id, self.find_secrets)
        except AuthenticationRefusal as refusal:
            log.warning("hmac_validation", producer_id=producer_id, result="failure", reason=refusal.reason)
            raise
        log.info("hmac_validation", producer_id=producer_id, result="success", reason="valid_signature")
        scope["state"]["sender"] = Sender(producer_id, mac)
        await self.app(scope, receive, send)

    def _prove(
        self, scope: Scope, producer_ids: list[bytes], producer_id: str | None, find_secrets: FindSecrets
    ) -> bytes:
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
        body, timestamp, signature = scope["state"]["body"], given["X-Timestamp"][0], given["X-Signature"][0]
        return self._verify(
            Presented(body, timestamp, producer_id.encode("ascii"), signature), find_secrets(producer_id)
        )

    def _verify(self, request: Presented, secrets: Sequence[bytes]) -> bytes:
        now = self.clock()
        try:
            signing.check_window(request.timestamp, now)
            return signing.verify(secrets, request.body, request.timestamp, request.producer_id, request.signature)
        except ProofRefusal as refusal:
            refusal.extra = doctor.examine(refusal, request, secrets, now, self.hints)
            raise


def _sane_producer_id(values: Sequence[bytes]) -> str | None:
    well_formed = len(values) == 1 and _SANE_PRODUCER_ID.fullmatch(values[0])
    return values[0].decode("ascii") if well_formed else None
