"""What no reader can count from the feed: signals by minute, and refusals by code, of this machine since its start."""

import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service.board.minutes import Minutes
from service.kernel import metrics
from service.kernel.timestamps import Clock, utc_text
from service.reading import Filter

_REFUSALS_SECONDS = 2
"""So long the same refusals are told, however many ask: to add up those of all processes takes some milliseconds."""


class Overview:
    """GET /api/v1/overview, for a reader: signals by minute within its scope, and, if it has none, all refusals."""

    def __init__(self, minutes: Minutes, clock: Clock) -> None:
        self._minutes = minutes
        self._clock = clock
        self._refusals: dict[str, int] = {}
        self._counted_at = float("-inf")

    async def answer(self, request: Request) -> Response:
        """The figures as JSON. The last minute is the running one."""
        seen = Filter().within(request.scope["reader"].scope)
        since, totals = self._minutes.totals(seen.matches)
        content = {
            "at": utc_text(self._clock()),
            "since": utc_text(since),
            "minutes": [{"minute": utc_text(minute), "signals": count} for minute, count in totals.items()],
            "refusals": self._by_code() if seen == Filter() else None,
        }
        return JSONResponse(content, headers={"Cache-Control": "no-store"})

    def _by_code(self) -> dict[str, int]:
        if time.monotonic() - self._counted_at > _REFUSALS_SECONDS:
            self._refusals = metrics.refusals()
            self._counted_at = time.monotonic()
        return self._refusals
