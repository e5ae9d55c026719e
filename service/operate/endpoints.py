"""What the service tells about itself."""

import time
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from service import __version__
from service.kernel import metrics
from service.operate.readiness import Readiness
from service.operate.shutdown import Shutdown
from service.settings import Settings

CONNECTED = "connected"
"""What is said of a server that will do."""


class ServiceEndpoints:
    """The endpoints that tell about the service itself. None needs a signature."""

    def __init__(
        self,
        settings: Settings,
        readiness: Readiness,
        read_from: Callable[[], Awaitable[Mapping[str, str]]],
        shutdown: Shutdown,
    ) -> None:
        """`read_from` says of each server that is read how it is: one that is `connected` suffices."""
        self.settings = settings
        self.readiness = readiness
        self.read_from = read_from
        self.shutdown = shutdown
        self.started = time.monotonic()

    async def health(self, _: Request) -> Response:
        """Alive: answers without touching the database."""
        return JSONResponse({"status": "ok", "uptime_seconds": int(time.monotonic() - self.started)})

    async def ready(self, _: Request) -> Response:
        """Whether a signal sent now would be stored, and if not, why."""
        return _readiness(self._leaving() or {"db": await self.readiness.obstacle() or CONNECTED})

    async def ready_feed(self, _: Request) -> Response:
        """Whether the feed could be read now, and from where."""
        return _readiness(self._leaving() or await self.read_from())

    async def version(self, _: Request) -> Response:
        """Which build of the service this is."""
        settings = self.settings
        return JSONResponse(
            {"name": "signals", "version": __version__, "build": settings.app_build, "env": settings.app_env}
        )

    async def metrics(self, _: Request) -> Response:
        """The figures of all worker processes, for Prometheus."""
        content, content_type = metrics.exposition()
        return Response(content, headers={"content-type": content_type})

    def _leaving(self) -> Mapping[str, str]:
        return {"db": "shutting down"} if self.shutdown.begun else {}


def _readiness(told: Mapping[str, str]) -> Response:
    """One dependency that is connected suffices."""
    if CONNECTED in told.values():
        return JSONResponse({"ready": True, "dependencies": told})
    return JSONResponse({"ready": False, "dependencies": told}, 503, {"Retry-After": "1"})
