"""What has to be passed on the way in: who sends is proven, and how much of it is let through; who reads is known."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.middleware import Middleware

from service.http.body_limit import BodyLimit
from service.http.json_only import JsonOnly
from service.http.ration import Ration
from service.kernel.errors import Refusal
from service.kernel.limits import Limits
from service.kernel.timestamps import Clock
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.notation.duplicates import Duplicates
from service.notation.rate import Rate
from service.postgres.pool import Pool
from service.producers.uses import KeyUses
from service.proof.authentication import ProducerAuthentication, Proving, UnprovenSender
from service.proof.signing import RESENT_FOR
from service.proof.signing_headers import SigningHeaders
from service.rates.guard import RateLimit
from service.rates.quotas import Quotas
from service.readers.authentication import OpenReading, ReaderAuthentication
from service.readers.readers import Readers
from service.receipts.recognition import DuplicatesOf
from service.settings import Settings
from service.telemetry import requests as traced

Require = Callable[[bytes, Refusal], Awaitable[None]]
"""Raises the refusal unless the request with this MAC was stored before."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What proves who sends: the keys of all producers, what reads them, and what counts their uses; and how much each
    may send."""

    keyring: Keyring
    reader: KeyringReader
    uses: KeyUses
    proving: Proving
    quotas: Quotas


def signing_of(settings: Settings, pool: Pool, require: Require, clock: Clock, limits: Limits) -> Signing | None:
    """None where nobody is asked for a signature."""
    if not settings.hmac_producer_enabled:
        return None
    keyring = Keyring(settings.hmac_producer_secret.get_secret_value().encode(), RESENT_FOR)
    reader = KeyringReader(pool, keyring, SealingKeys(settings.sealing_keys), limits, clock)
    uses = KeyUses(pool)
    return Signing(keyring, reader, uses, Proving(keyring.find, require, uses.count), Quotas(pool, limits))


def duplicates_of(settings: Settings, signing: Signing | None) -> DuplicatesOf:
    """What was said of a producer goes before what was said of all."""

    def of(producer: str) -> Duplicates:
        return (signing and signing.keyring.duplicates_of(producer)) or settings.signals_duplicates

    return of


class SignalGuards:
    """What signals have to pass: first what can be told by the head, then what the body is needed for."""

    def __init__(
        self, settings: Settings, signing: Signing | None, clock: Clock, limits: Limits, tracing: traced.Tracing | None
    ) -> None:
        self._signing = signing
        self._tracing = tracing
        self._clock = clock
        self._default_rate = settings.producer_rate
        self._hints, self._resends = Ration(limits.hints_per_second), Ration(limits.resends_per_second)

    def of(self, body_max_bytes: int) -> list[Middleware]:
        """The guards of a route whose bodies may have so many bytes, in their order."""
        body = Middleware(BodyLimit, max_bytes=body_max_bytes)
        signing, clock = self._signing, self._clock
        if signing is None:
            return [Middleware(JsonOnly), body, Middleware(UnprovenSender)]
        rate = Middleware(RateLimit, quotas=signing.quotas, rate_of=self._rate_of, resends=self._resends, clock=clock)
        return [Middleware(JsonOnly), *self.proof([body]), rate]

    def proof(self, body: Sequence[Middleware]) -> list[Middleware]:
        """What proves a producer, with what reads the body in between; nothing where signing is off."""
        signing, clock = self._signing, self._clock
        if signing is None:
            return []
        proving = Middleware(ProducerAuthentication, proving=signing.proving, clock=clock, hints=self._hints)
        return [Middleware(SigningHeaders, clock=clock), *body, *traced.proof(proving, self._tracing)]

    def _rate_of(self, producer: str) -> Rate | None:
        own = self._signing and self._signing.keyring.rate_of(producer)
        return own or self._default_rate


def token_guards(readers: Readers, tracing: traced.Tracing | None) -> list[Middleware]:
    """What those have to pass who show a token, and nobody else can."""
    return traced.proof(Middleware(ReaderAuthentication, readers=readers), tracing)


def reader_guards(settings: Settings, readers: Readers, tracing: traced.Tracing | None) -> list[Middleware]:
    """What those who read have to pass."""
    return [Middleware(OpenReading)] if settings.signals_readers == "open" else token_guards(readers, tracing)
