"""How much one process may let through of one producer, as far as it knows without asking."""

import asyncio
from math import ceil, floor, inf

from service.notation.rate import Rate
from service.rates.exchange import Demand, Grant

BORROWED_FROM = 10
"""Signals a second of a rate, from which on tokens are borrowed before they are wanted. Below, each is asked for."""

ALONE_SHARE = 0.1
"""The share of a rate that a process lets through by itself while it gets no answer."""

SETTLED_AFTER = 0.8
"""The part of the time for which tokens are good, after which they are settled."""

Waiting = asyncio.Future[bool | None]
"""Whether a request may pass: None when there was no answer in time."""


class Allowance:
    """The tokens that a process has borrowed for a producer, and who waits for one.

    Most requests are to find one that is here already: so as many are borrowed as were asked for lately. All times are
    in seconds, of one clock that never goes back.
    """

    def __init__(self, producer: str, rate: Rate, good_seconds: float) -> None:
        self.producer = producer
        self.rate = rate
        self.waiting: list[Waiting] = []
        self.answered = True
        """Whether the database has answered when it was asked last."""
        self._good_seconds = good_seconds
        self._asked = self._spare = self._in_use = self._owed = 0
        self._held = self._slot = 0
        self._left_over = self.rate.depth
        self._settled_at = self._good_until = self._dry_until = self._alone_from = -inf

    @property
    def settle_at(self) -> float:
        """When to settle what is borrowed; never, when all of it is used."""
        return self._settled_at + SETTLED_AFTER * self._good_seconds if self._spare or self._in_use else inf

    def change(self, rate: Rate) -> None:
        """The producer has another rate from now on."""
        self.rate = rate
        self._dry_until = -inf

    def idle(self, now: float) -> bool:
        """Whether nothing would be lost if this was forgotten."""
        busy = self.waiting or self._spare or self._in_use or self._owed or not self.answered
        return not busy and max(self._good_until, self._dry_until) < now

    def dry(self, now: float) -> bool:
        """Whether there is nothing left, for a while."""
        return not self._spare and now < self._dry_until

    def take(self, now: float) -> bool | None:
        """Whether the next request may pass; None when only the database knows."""
        self._asked += 1
        if self._spare and now < self._good_until:
            self._spare -= 1
            self._in_use += 1
            return True
        return False if now < self._dry_until else None

    def take_alone(self, now: float) -> bool:
        """Whether the next request may pass although the database does not answer."""
        each = self.rate.each_seconds / ALONE_SHARE
        until = max(self._alone_from, now) + each
        if until > now + max(self.rate.deep_seconds, each):
            return False
        self._alone_from = until
        return True

    def use(self, *, alone: bool) -> None:
        """A request that has passed was stored, or may have been."""
        if alone:
            self._owed += 1
        else:
            self._in_use -= 1

    def put_back(self, now: float, *, alone: bool) -> None:
        """A request that has passed was not stored. The token is there again, unless it was good for too long."""
        if not alone:
            self._in_use -= 1
            self._spare += now < self._good_until

    def demand(self, now: float) -> Demand:
        """What to tell the database, and to ask for. It is to be followed by `settle`, `leave` or `forget`."""
        self.waiting = [each for each in self.waiting if not each.done()]
        ahead = self._expected(now)
        returned = self._spare if now >= self._good_until else max(self._spare - ahead, 0)
        if returned:
            # The next may have one of these: nobody is to be refused before the database has said so.
            self._spare -= returned
            self._dry_until = -inf
        return Demand(
            producer=self.producer,
            each=self.rate.each_seconds,
            deep=self.rate.deep_seconds,
            since=self._slot,
            held=self._held,
            kept=self._spare + self._in_use,
            returned=returned,
            owed=self._owed,
            wanted=len(self.waiting) + ahead - self._spare,
        )

    def settle(self, told: Demand, grant: Grant, asked_at: float) -> None:
        """The database has heard what it was told at that time, and has answered."""
        self.answered = True
        self._asked = 0
        self._owed -= told.owed
        self._held, self._slot = told.kept + grant.tokens, grant.slot
        self._spare += grant.tokens
        self._left_over = grant.left_over
        self._settled_at, self._good_until = asked_at, asked_at + self._good_seconds
        exhausted = grant.tokens < told.wanted
        self._dry_until = self._next_at if exhausted else -inf
        self._serve(refuse=exhausted)

    def leave(self, told: Demand) -> None:
        """The database could not hear it now."""
        self._spare += told.returned

    def forget(self) -> None:
        """Nobody knows what the database has heard: what was borrowed is not used any more."""
        self._spare = self._held = 0
        self._good_until = -inf

    def standing(self, now: float) -> tuple[int, int]:
        """How many more may pass now, and in how many whole seconds one more than these, as far as it is known here."""
        earned = (now - self._settled_at) / self.rate.each_seconds
        left = min(self._spare + self._left_over + earned, self.rate.depth)
        at_once = floor(left) if self.answered and not self.dry(now) else 0
        return at_once, max(1, ceil((at_once + 1 - left) * self.rate.each_seconds))

    def _expected(self, now: float) -> int:
        """How many are likely to be wanted while tokens are good, if it goes on as since the last time: none where it
        would be one at most, and at most twice as many as there were."""
        if not self._borrows or self._asked * self._good_seconds < 2 * (now - self._settled_at):
            return 0
        likely = self._asked * self._good_seconds / max(now - self._settled_at, self._good_seconds / 2)
        return min(ceil(likely), ceil(self._good_seconds / self.rate.each_seconds))

    @property
    def _borrows(self) -> bool:
        return self.rate.each_seconds <= 1 / BORROWED_FROM

    @property
    def _next_at(self) -> float:
        """When to ask again after there was nothing left."""
        pause = SETTLED_AFTER * self._good_seconds if self._borrows else 0.0
        return self._settled_at + max((1 - self._left_over) * self.rate.each_seconds, pause)

    def _serve(self, *, refuse: bool) -> None:
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            if each.done():
                continue
            if self._spare:
                self._spare -= 1
                self._in_use += 1
                each.set_result(True)
            elif refuse:
                each.set_result(False)
            else:
                self.waiting.append(each)
