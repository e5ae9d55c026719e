"""The keys of all producers, in memory: to prove who sent a request asks no database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.http.errors import Overloaded
from service.notation.duplicates import Duplicates
from service.notation.rate import Rate

IN_USE_MAX = 5
"""How many keys a producer may have that are live or retiring."""

ENDED_MAX = 5
"""How many keys that ended are tried, for the sake of requests that are resent."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret with which a producer may sign. `id` is None for the secret that is shared, `secret` None when it
    cannot be had. With `opens` false it does not open any more, and the secret is what it was before."""

    id: UUID | None
    producer: str
    secret: bytes | None
    ends_at: datetime | None = None
    opens: bool = True

    def has_ended(self, now: datetime) -> bool:
        """Whether it proves nothing new: it was retired, and its end has come."""
        return self.ends_at is not None and self.ends_at <= now

    def ended_for(self, now: datetime) -> timedelta:
        """How long ago it ended."""
        return timedelta(0) if self.ends_at is None else now - self.ends_at


@dataclass(frozen=True, slots=True)
class Registered:
    """A producer that has keys of its own, revoked ones left out, and perhaps a rate of its own, and a word on what
    becomes of its duplicates; and whether its signals need approval."""

    enabled: bool
    keys: tuple[Key, ...]
    rate: Rate | None = None
    duplicates: Duplicates | None = None
    approval: bool = False


class Keyring:
    """Who may sign with what. Nobody is known until it is filled for the first time.

    `resent_for` is how long after the end of a key a request may be resent that was signed with it before.
    """

    def __init__(self, shared_secret: bytes, resent_for: timedelta) -> None:
        self._resent_for = resent_for
        self._shared = (Key(None, "", shared_secret),) if shared_secret else ()
        self._producers: Mapping[str, Registered] | None = None

    @property
    def loaded(self) -> bool:
        """Whether it was filled once."""
        return self._producers is not None

    @property
    def producers(self) -> Mapping[str, Registered]:
        """All that are registered."""
        return self._producers or {}

    def fill(self, producers: Mapping[str, Registered]) -> None:
        """Know these producers from now on, and no others."""
        self._producers = producers

    def find(self, producer_id: str, now: datetime) -> Sequence[Key]:
        """The keys with which a request of this producer may be signed: those in use first, then those that ended so
        lately that it may be a resent one. None when it is disabled, or when there is nobody of that name.

        Raises Overloaded when the keyring is not loaded yet, or when the producer has keys in use and none opens:
        its request may be good, and a refused signature is not sent again.
        """
        if self._producers is None:
            raise Overloaded
        producer = self._producers.get(producer_id)
        if producer is None:
            return self._shared
        if not producer.enabled:
            return ()
        in_use = [key for key in producer.keys if not key.has_ended(now)]
        usable = [key for key in in_use if key.secret is not None]
        if in_use and not usable:
            raise Overloaded
        if len(in_use) == len(producer.keys):
            return usable[:IN_USE_MAX]
        return [*usable[:IN_USE_MAX], *self._ended_lately(producer.keys, now)]

    def rate_of(self, producer_id: str) -> Rate | None:
        """The rate that a producer has of its own."""
        producer = self.producers.get(producer_id)
        return producer.rate if producer else None

    def needs_approval(self, producer_id: str) -> bool:
        """Whether readers get the signals of a producer only when somebody has approved them."""
        producer = self.producers.get(producer_id)
        return producer is not None and producer.approval

    def duplicates_of(self, producer_id: str) -> Duplicates | None:
        """What becomes of the duplicates of a producer, if that was said of it."""
        producer = self.producers.get(producer_id)
        return producer.duplicates if producer else None

    def _ended_lately(self, keys: Iterable[Key], now: datetime) -> list[Key]:
        ended = [key for key in keys if key.has_ended(now) and key.secret is not None]
        lately = [key for key in ended if key.ended_for(now) < self._resent_for]
        return sorted(lately, key=lambda key: key.ended_for(now))[:ENDED_MAX]
