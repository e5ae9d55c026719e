"""How many signals of one request may pass."""

import asyncio

from service.notation.rate import Rate
from service.rates.errors import RateLimited
from service.rates.quotas import Admission, Quotas


class Admissions:
    """What a request was let through with: one signal, and more where it brings more. `end` is to be called once."""

    def __init__(self, quotas: Quotas, producer: str, rate: Rate, first: Admission) -> None:
        self._quotas = quotas
        self._producer = producer
        self._rate = rate
        self._admitted = [first]

    async def more(self, count: int) -> None:
        """Let through so many more, all or none. Raises RateLimited when they are beyond the rate, or more than it ever
        lets through at once; and what `Quotas.admit` raises."""
        at_once = int(self._rate.depth)
        if count >= at_once:
            raise RateLimited(at_once=at_once)
        asked = [self._quotas.admit(self._producer, self._rate) for _ in range(count)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        admitted = [answer for answer in answers if isinstance(answer, Admission)]
        refusals = [answer for answer in answers if isinstance(answer, BaseException)]
        if refusals:
            for admission in admitted:
                self._quotas.end(admission, stored=False)
            raise max(refusals, key=lambda refusal: isinstance(refusal, RateLimited))
        self._admitted += admitted

    def end(self, counted: int | None) -> None:
        """The request was answered, and so many of its signals count; all, when nobody knows."""
        for place, admission in enumerate(self._admitted):
            self._quotas.end(admission, stored=counted is None or place < counted)
