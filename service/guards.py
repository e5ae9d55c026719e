"""What a request of a producer has to pass, and what proves who sends."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.middleware import Middleware

from service.http.body_limit import BodyLimit
from service.http.json_only import JsonOnly
from service.intake.writer import Writer
from service.kernel.limits import Limits
from service.kernel.ration import Ration
from service.kernel.timestamps import Clock
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.notation.rate import Rate
from service.postgres.pool import Pool
from service.producers.uses import KeyUses
from service.proof.authentication import ProducerAuthentication, Proving, UnprovenSender
from service.proof.signing import RESENT_FOR
from service.proof.signing_headers import SigningHeaders
from service.rates.guard import RateLimit
from service.rates.quotas import Quotas
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Signing:
    """What proves who sends: the keys of all producers, what reads them, and what counts their uses; and how much each
    may send."""

    keyring: Keyring
    reader: KeyringReader
    uses: KeyUses
    proving: Proving
    hints: Ration
    quotas: Quotas


def make_signing(settings: Settings, pool: Pool, writer: Writer, clock: Clock, limits: Limits) -> Signing:
    """All of it, for a service with these settings."""
    keyring = Keyring(settings.hmac_producer_secret.get_secret_value().encode(), RESENT_FOR)
    reader = KeyringReader(pool, keyring, SealingKeys(settings.sealing_keys), limits, clock)
    uses = KeyUses(pool)
    proving = Proving(keyring.find, writer.require, uses.count)
    return Signing(keyring, reader, uses, proving, Ration(limits.hints_per_second), Quotas(pool, limits))


class Guards:
    """What a signal has to pass: first what can be told by its head, then what its body is needed for."""

    def __init__(self, settings: Settings, signing: Signing | None, clock: Clock, limits: Limits) -> None:
        self._signing = signing
        self._clock = clock
        self._default_rate = settings.producer_rate
        self._resends = Ration(limits.resends_per_second)

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
        proven = Middleware(ProducerAuthentication, proving=signing.proving, clock=clock, hints=signing.hints)
        return [Middleware(SigningHeaders, clock=clock), *body, proven]

    def _rate_of(self, producer: str) -> Rate | None:
        own = self._signing and self._signing.keyring.rate_of(producer)
        return own or self._default_rate
