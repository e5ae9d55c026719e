"""The guard that lets proven senders pass within the rates of their producers."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.http.ration import Ration
from service.kernel.errors import InternalError, Refusal
from service.kernel.timestamps import Clock
from service.notation.rate import Rate
from service.rates.admissions import Admissions
from service.rates.errors import RateLimited
from service.rates.fields import rate_fields
from service.rates.quotas import Admission, Quotas

RateOf = Callable[[str], Rate | None]
"""The rate of a producer; None when it may send as much as it likes."""


class RateLimit:
    """Counts what is newly stored, and refuses what is beyond the rate, before anything is looked for in the body.
    Every answer to a producer with a rate tells of it.

    What was stored already is answered even beyond the rate. So while the ration of `resends` lasts, a request that is
    beyond it goes on, with its refusal in `scope["state"]["refusal"]`: nothing new may be stored for it. An answer that
    repeats an earlier one is marked by `scope["state"]["replayed"]`. A request that brings many signals asks
    `scope["state"]["admissions"]` for the rest of them, and says in `scope["state"]["counted"]` how many count.
    """

    def __init__(self, app: ASGIApp, quotas: Quotas, rate_of: RateOf, resends: Ration, clock: Clock) -> None:
        self.app = app
        self.quotas = quotas
        self.rate_of = rate_of
        self.resends = resends
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        producer: str = scope["state"]["sender"].producer_id
        rate = self.rate_of(producer)
        if rate is None:
            await self.app(scope, receive, send)
            return
        try:
            admissions = Admissions(self.quotas, producer, rate, await self._admit(scope, producer, rate))
        except RateLimited as refusal:
            if not self.resends.take(self.clock()):
                raise
            await self._answer_resend(refusal, scope, receive, send)
        else:
            await self._count(admissions, scope, receive, send)

    async def _admit(self, scope: Scope, producer: str, rate: Rate) -> Admission:
        try:
            return await self.quotas.admit(producer, rate)
        finally:
            scope["state"]["headers"] = rate_fields(rate, *self.quotas.standing(producer, rate))

    async def _answer_resend(self, refusal: RateLimited, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["refusal"] = refusal
        try:
            await self.app(scope, receive, send)
        except Refusal as other:
            raise (other if other.status >= InternalError.status else refusal) from None

    async def _count(self, admissions: Admissions, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"]
        state["admissions"] = admissions
        counted: int | None = None
        try:
            await self.app(scope, receive, send)
            counted = state.get("counted", 0 if state.get("replayed") else 1)
        except Refusal as refusal:
            counted = state.get("counted", None if refusal.counts else 0)
            raise
        finally:
            admissions.end(counted)
