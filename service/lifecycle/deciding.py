"""A decision is judged, and made once."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from service.feed.share import Share
from service.http.errors import NotFound
from service.lifecycle import condition, statement
from service.lifecycle.decision import STEPS, Decision
from service.lifecycle.errors import SignalExpired, StateChanged, TransitionRefused
from service.lifecycle.statement import Decided, State
from service.postgres.pool import Pool
from service.readers.filter import Filter


class Deciding:
    """Makes decisions about signals. Of those that are made at the same time one is the first, and the others are
    judged after it."""

    def __init__(self, pool: Pool, share: Share) -> None:
        self._pool = pool
        self._share = share

    async def decide(self, signal: UUID, decision: Decision, filter: Filter, if_match: Sequence[bytes]) -> Decided:
        """Change the state of a signal that the filter shows, if it is one that the headers If-Match name. A decision
        that holds already by the same word is answered as it was at first.

        Raises NotFound, StateChanged, SignalExpired, TransitionRefused, Overloaded, and what is in `feed.unavailable`:
        then it may have been made, and can be sent again.
        """
        while True:
            async with self._share.connection() as connection:
                state = await statement.state(connection, signal)
            if state is None or not filter.matches(state.instrument, state.producer):
                raise NotFound
            if state.event is not None and _is_repeated(decision, state):
                await self._pool.commit(statement.confirm)
                return Decided(state.event, state.state_version)
            _judge(decision, state, if_match)
            work = partial(statement.change, signal=signal, judged=state, decision=decision)
            if decided := await self._pool.commit(work):
                return decided


def _is_repeated(decision: Decision, state: State) -> bool:
    return (decision.status, decision.by, decision.reason) == (state.status, state.by, state.reason)


def _judge(decision: Decision, state: State, if_match: Sequence[bytes]) -> None:
    if not condition.holds(if_match, state.state_version):
        raise StateChanged
    if state.expired:
        raise SignalExpired
    if (state.status, decision.status) not in STEPS:
        raise TransitionRefused
