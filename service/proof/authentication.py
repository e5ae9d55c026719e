"""The guard that proves who sent a request, and writes the audit trail."""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.headers import values
from service.kernel import metrics
from service.kernel.logs import log
from service.kernel.ration import Ration
from service.kernel.timestamps import Clock
from service.keyring.keyring import Key
from service.proof import doctor, signing
from service.proof.errors import (
    AuthenticationRefusal,
    HeaderMissing,
    HeaderRepeated,
    ProducerIdInvalid,
    ProofRefusal,
    SignatureMismatch,
)
from service.proof.headers import PRODUCER_ID_FORM
from service.proof.mistakes import Presented

_PROVEN = "valid_signature"

_SANE_PRODUCER_ID = re.compile(PRODUCER_ID_FORM.encode())


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request: the producer id, proven when signing is on, the MAC that proved it, and the id of the key,
    None for the shared secret."""

    producer_id: str | None
    mac: bytes | None
    key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Proving:
    """What proves: the keys with which a producer may sign, whether the request with a MAC was stored before, and who
    counts that a key was used."""

    find_keys: Callable[[str, datetime], Sequence[Key]]
    was_stored: Callable[[bytes], Awaitable[bool]]
    count_use: Callable[[UUID], None]


class ProducerAuthentication:
    """Proves who sent the body, and leaves it in `scope["state"]["sender"]`. With `proving` None signing is off: the
    headers are ignored, but for a well-formed producer id, which is recorded. Those who are refused get hints while
    the ration lasts."""

    def __init__(self, app: ASGIApp, proving: Proving | None, clock: Clock, hints: Ration) -> None:
        self.app = app
        self.proving = proving
        self.clock = clock
        self.hints = hints
        self.successes = metrics.proofs.labels("success", _PROVEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        producer_ids = values(scope, b"x-producer-id")
        producer_id = _sane_producer_id(producer_ids)
        if self.proving is None:
            scope["state"]["sender"] = Sender(producer_id, None)
            await self.app(scope, receive, send)
            return
        try:
            sender = await self._prove(_presented(scope, producer_ids, producer_id), self.proving)
        except AuthenticationRefusal as refusal:
            metrics.proofs.labels("failure", refusal.reason).inc()
            log.warning("hmac_validation", producer_id=producer_id, result="failure", reason=refusal.reason)
            raise
        self.successes.inc()
        key_id = sender.key_id and str(sender.key_id)
        log.info("hmac_validation", producer_id=producer_id, key_id=key_id, result="success", reason=_PROVEN)
        scope["state"]["sender"] = sender
        await self.app(scope, receive, send)

    async def _prove(self, request: Presented, proving: Proving) -> Sender:
        now = self.clock()
        producer_id = request.producer_id.decode("ascii")
        keys: Sequence[Key] = ()
        try:
            signing.check_window(request.timestamp, now)
            keys = proving.find_keys(producer_id, now)
            secrets = _secrets(keys)
            mac, place = signing.verify(
                secrets, request.body, request.timestamp, request.producer_id, request.signature
            )
            if keys[place].has_ended(now) and not await proving.was_stored(mac):
                raise SignatureMismatch
        except ProofRefusal as refusal:
            # The newest first, since the doctor tries only few: a producer that signs wrongly is likely new to its key.
            in_use = [key for key in reversed(keys) if not key.has_ended(now)]
            refusal.extra = doctor.examine(refusal, request, _secrets(in_use), now, self.hints)
            raise
        key_id = keys[place].id
        if key_id is not None:
            proving.count_use(key_id)
        return Sender(producer_id, mac, key_id)


def _secrets(keys: Iterable[Key]) -> list[bytes]:
    return [key.secret for key in keys if key.secret is not None]


def _presented(scope: Scope, producer_ids: list[bytes], producer_id: str | None) -> Presented:
    """What is to be proven. Raises the refusals that are about the headers alone."""
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
    return Presented(body, timestamp, producer_id.encode("ascii"), signature)


def _sane_producer_id(values: Sequence[bytes]) -> str | None:
    well_formed = len(values) == 1 and _SANE_PRODUCER_ID.fullmatch(values[0])
    return values[0].decode("ascii") if well_formed else None
