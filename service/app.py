"""The whole path of a request on one screen: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan
from tortoise.contrib.starlette import RegisterTortoise

from service import __version__, metrics
from service.answers import refuse
from service.database import Readiness, tortoise_config
from service.errors import InternalError, MethodNotAllowed, NotFound, Refusal
from service.ingest import Ingest
from service.middleware import BodyLimit, ExactPath, FindSecrets, JsonOnly, ProducerAuthentication, RequestContext
from service.pages import pages
from service.routes import CreateSignal, Status
from service.settings import Settings, SettingsError
from service.shutdown import Shutdown
from service.timestamps import Clock, utc_now


def create_app(settings: Settings, *, clock: Clock = utc_now) -> ASGIApp:
    """The service as an ASGI application. `settings.database_url` must be set.

    Its lifespan opens the database lazily: the application starts without it and becomes ready when it comes.
    """
    ingest = Ingest(queue_limit=settings.signals_queue_limit)
    shutdown = Shutdown(settings.signals_shutdown_delay_seconds, on_close=ingest.close)
    status = Status(settings, Readiness(ingest.failing), shutdown)
    guards = [
        Middleware(BodyLimit, max_bytes=settings.body_max_bytes),
        Middleware(JsonOnly),
        Middleware(ProducerAuthentication, find_secrets=_shared_secret(settings), clock=clock),
    ]
    app = Starlette(
        routes=[
            Route("/api/v1/signals", CreateSignal(settings, ingest, clock), methods=["POST"], middleware=guards),
            Route("/api/v1/health", status.health),
            Route("/api/v1/ready", status.ready),
            Route("/api/v1/version", status.version),
            Route("/metrics", status.metrics),
            *(Route(path, page, methods=["GET"]) for path, page in pages().items()),
        ],
        middleware=[Middleware(ExactPath)],
        exception_handlers={Refusal: _refuse, HTTPException: _refuse, Exception: _refuse},
        lifespan=_lifespan(settings, ingest, shutdown),
    )
    app.router.redirect_slashes = False
    return RequestContext(app)


def _shared_secret(settings: Settings) -> FindSecrets | None:
    """Today all producers share the one secret of the settings; None while signing is off."""
    if not settings.hmac_producer_enabled:
        return None
    secrets = [settings.hmac_producer_secret.get_secret_value().encode()]
    return lambda _producer_id: secrets


def _lifespan(settings: Settings, ingest: Ingest, shutdown: Shutdown) -> Lifespan[Starlette]:
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: must be set")
    config = tortoise_config(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        refuse_not_durable=settings.app_env == "production",
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        metrics.build_info.labels(__version__, settings.app_build, settings.app_env).set(1)
        async with RegisterTortoise(app, config=config), ingest:
            shutdown.listen()
            yield

    return lifespan


async def _refuse(_: Request, error: Exception) -> Response:
    return refuse(_as_refusal(error), error.headers if isinstance(error, HTTPException) else None)


def _as_refusal(error: Exception) -> Refusal:
    match error:
        case Refusal():
            return error
        case HTTPException(status_code=NotFound.status):
            return NotFound()
        case HTTPException():
            return MethodNotAllowed()
        case _:
            return InternalError()
