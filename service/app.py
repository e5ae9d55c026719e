"""The whole path of a request on one screen: the only place that wires."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan

from service import __version__
from service.http.body_limit import BodyLimit
from service.http.exact_path import ExactPath
from service.http.json_only import JsonOnly
from service.http.request_context import RequestContext
from service.intake.endpoint import CreateSignal
from service.intake.writer import Writer
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.ration import Ration
from service.kernel.tasks import Tasks, repeated
from service.kernel.timestamps import Clock, utc_now
from service.keyring.follower import KeyringFollower
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.manual.pages import pages
from service.operate.endpoints import ServiceEndpoints
from service.operate.shutdown import Shutdown
from service.postgres.pool import Pool
from service.postgres.readiness import Readiness
from service.producers.uses import KeyUses
from service.proof.authentication import ProducerAuthentication, Proving, UnprovenSender
from service.proof.signing import RESENT_FOR
from service.proof.signing_headers import SigningHeaders
from service.rates.guard import RateLimit
from service.rates.quotas import Quotas
from service.settings import Settings, SettingsError

_LIMITS = Limits()


def create_app(settings: Settings, *, clock: Clock = utc_now, limits: Limits = _LIMITS) -> ASGIApp:
    """The service as an ASGI application. `settings.database_url` must be set.

    Its lifespan opens the database lazily: the application starts without it and becomes ready when it comes.
    """
    pool = _pool(settings, limits)
    writer = Writer(pool, limits, queue_limit=settings.signals_queue_limit)
    keyring = Keyring(settings.hmac_producer_secret.get_secret_value().encode(), RESENT_FOR)
    uses = KeyUses(pool, limits)
    signing = settings.hmac_producer_enabled
    proving = Proving(keyring.find, writer.receipts.has, uses.count) if signing else None
    quotas = Quotas(pool, limits)
    running: list[AbstractAsyncContextManager[Any]] = [pool, writer]
    if signing:
        tidying = repeated("tidying", quotas.tidy, limits.tidy_seconds)
        running += [uses, _follower(keyring, pool, settings, clock, limits), Tasks(rates=quotas.run, tidying=tidying)]
    shutdown = Shutdown(settings.signals_shutdown_delay_seconds, on_close=writer.close)
    readiness = Readiness(pool, writer.failing, limits, knows_keys=lambda: keyring.loaded or not signing)
    about = ServiceEndpoints(settings, readiness, shutdown)
    guards = _guards(settings, proving, clock, limits)
    if signing:
        guards.append(_rate_limit(quotas, keyring, settings, clock, limits))
    no_body = [Middleware(BodyLimit, max_bytes=0)]
    router = Router(
        routes=[
            Route("/api/v1/signals", CreateSignal(settings, writer, clock), methods=["POST"], middleware=guards),
            Route("/api/v1/health", about.health, middleware=no_body),
            Route("/api/v1/ready", about.ready, middleware=no_body),
            Route("/api/v1/version", about.version, middleware=no_body),
            Route("/metrics", about.metrics, middleware=no_body),
            *(Route(path, page, methods=["GET"], middleware=no_body) for path, page in pages().items()),
        ],
        redirect_slashes=False,
        middleware=[Middleware(ExactPath)],
        lifespan=_lifespan(settings, shutdown, running),
    )
    return RequestContext(router)


def _pool(settings: Settings, limits: Limits) -> Pool:
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: must be set")
    return Pool(
        settings.database_url.get_secret_value(),
        limits,
        size=settings.database_pool_size,
        refuse_not_durable=settings.app_env == "production",
    )


def _follower(keyring: Keyring, pool: Pool, settings: Settings, clock: Clock, limits: Limits) -> KeyringFollower:
    """What keeps the keys of the producers up to date."""
    reader = KeyringReader(pool, keyring, SealingKeys(settings.sealing_keys), limits, clock)
    return KeyringFollower(reader, pool.dedicated, limits)


def _guards(settings: Settings, proving: Proving | None, clock: Clock, limits: Limits) -> list[Middleware]:
    """What a signal has to pass: first what can be told by its head, then what its body is needed for."""
    body = Middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    if proving is None:
        return [Middleware(JsonOnly), body, Middleware(UnprovenSender)]
    hints = Ration(limits.hints_per_second)
    return [
        Middleware(JsonOnly),
        Middleware(SigningHeaders, clock=clock),
        body,
        Middleware(ProducerAuthentication, proving=proving, clock=clock, hints=hints),
    ]


def _rate_limit(quotas: Quotas, keyring: Keyring, settings: Settings, clock: Clock, limits: Limits) -> Middleware:
    """What holds each producer to its own rate, or to that of all that have none of their own."""
    default = settings.producer_rate
    resends = Ration(limits.resends_per_second)
    return Middleware(
        RateLimit, quotas=quotas, rate_of=lambda name: keyring.rate_of(name) or default, resends=resends, clock=clock
    )


def _lifespan(
    settings: Settings, shutdown: Shutdown, running: Sequence[AbstractAsyncContextManager[Any]]
) -> Lifespan[Any]:
    """What runs beside the requests: left in the opposite order, the pool last."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        metrics.build_info.labels(__version__, settings.app_build, settings.app_env).set(1)
        async with AsyncExitStack() as stack:
            for each in running:
                await stack.enter_async_context(each)
            shutdown.listen()
            yield

    return lifespan
