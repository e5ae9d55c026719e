"""The whole path of a request on one screen: the only place that wires."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan

from service import __version__
from service.board.pages import BoardPages
from service.feed.pages import Pages
from service.feed.share import Share
from service.feed.tail import Tail
from service.following.follower import Follower, Subject
from service.http.body_limit import BodyLimit
from service.http.exact_path import ExactPath
from service.http.json_only import JsonOnly
from service.http.request_context import RequestContext
from service.intake.endpoint import CreateSignal
from service.intake.journal import Journal
from service.intake.receipts import Receipts
from service.intake.terms import Terms
from service.intake.writer import Writer
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.ration import Ration
from service.kernel.tasks import Tasks, Work, repeated
from service.kernel.timestamps import Clock, utc_now
from service.keyring.keyring import Keyring
from service.keyring.reader import KeyringReader
from service.keyring.sealing import SealingKeys
from service.lifecycle.deciding import Deciding
from service.lifecycle.endpoint import Decide
from service.lifecycle.expiry import Expiry
from service.lifecycle.guards import deciders, either
from service.live import LiveFeed
from service.manual.pages import pages
from service.notation.rate import Rate
from service.operate.clock import DatabaseClock
from service.operate.database_time import DatabaseTime
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
from service.readers.authentication import OpenReading, ReaderAuthentication
from service.readers.loader import ReadersLoader
from service.readers.readers import Readers
from service.reading.endpoints import Reading
from service.reading.overview import Overview
from service.reading.places import Places
from service.reading.waiting import Waiting
from service.settings import Settings, SettingsError
from service.survey.holding import Holding
from service.survey.survey import Survey

_LIMITS = Limits()


def create_app(settings: Settings, *, clock: Clock = utc_now, limits: Limits = _LIMITS) -> ASGIApp:
    """The service as an ASGI application. `settings.database_url` must be set.

    Its lifespan opens the database lazily: the application starts without it and becomes ready when it comes.
    """
    pool = _pool(settings, limits)
    journal = Journal()
    tail = Tail(pool, limits)
    writer = Writer(pool, limits, journal, queue_limit=settings.signals_queue_limit, on_stored=tail.wake)
    signing = _signing(settings, pool, writer, clock, limits) if settings.hmac_producer_enabled else None
    readers = Readers(clock)
    if settings.signals_readers == "open":
        readers.fill({})
    follower = Follower(_followed(settings, pool, signing, readers, limits), pool.dedicated, limits)
    overview = Overview(clock)
    share = Share(pool, limits, sessions=max(1, min(limits.reading_sessions, settings.database_pool_size // 2)))
    database_time = DatabaseTime(pool, clock)
    terms = Terms(settings, clock, database_time.now, signing.keyring.needs_approval if signing else None)
    feed = Pages(share, limits, payload_max_bytes=settings.signals_payload_max_bytes)
    places = Places(settings.signals_streams_max)
    reading = Reading(share, feed, Waiting(tail, places), overview, lambda: shutdown.begun)
    live = LiveFeed(tail, feed, places, limits, idle_seconds=settings.signals_idle_seconds, now=database_time.now)
    shutdown = Shutdown(settings.signals_shutdown_delay_seconds, writer.close, live.leave)
    readiness = Readiness(pool, writer.failing, limits, knows_keys=lambda: signing is None or signing.keyring.loaded)
    about = ServiceEndpoints(settings, readiness, shutdown)
    guards = _guards(settings, signing, clock, limits)
    no_body = [Middleware(BodyLimit, max_bytes=0)]
    board = BoardPages()
    read = [_reader_guard(settings, readers), *no_body]
    proof = partial(_proof, signing, clock)
    looking = repeated("overview", overview.look, limits.overview_seconds)
    timing = repeated("database_time", database_time.look, limits.database_time_seconds)
    expiring = repeated("expiry", Expiry(pool, limits, tail.wake).look, limits.expiry_seconds)
    more = {"overview": looking, "tail": tail.run, "streams": live.sweeping, "time": timing, "expiry": expiring}
    background = _background(pool, limits, clock, writer, signing, follower, **more)
    router = Router(
        routes=[
            Route(
                "/api/v1/signals",
                CreateSignal(settings, limits, writer, journal, terms),
                methods=["POST"],
                middleware=guards,
            ),
            Route("/api/v1/signals/{id}", reading.signal, middleware=[either(read, proof(no_body))]),
            Route(
                "/api/v1/signals/{id}/status",
                Decide(Deciding(pool, share), on_decided=tail.wake).status,
                methods=["POST"],
                middleware=[deciders(readers, proof)],
            ),
            Route("/api/v1/feed", reading.feed, middleware=read),
            Route("/api/v1/feed/live", live, methods=["GET"], middleware=read),
            Route("/api/v1/instruments", reading.instruments, middleware=read),
            Route("/api/v1/overview", reading.overview, middleware=read),
            Route("/api/v1/health", about.health, middleware=no_body),
            Route("/api/v1/ready", about.ready, middleware=no_body),
            Route("/api/v1/version", about.version, middleware=no_body),
            Route("/metrics", about.metrics, middleware=no_body),
            Route("/board", board.page, methods=["GET"], middleware=no_body),
            Route("/board/{version}/{name}", board.file, middleware=no_body),
            *(Route(path, page, methods=["GET"], middleware=no_body) for path, page in pages().items()),
        ],
        redirect_slashes=False,
        middleware=[Middleware(ExactPath)],
        lifespan=_lifespan(settings, pool, background, signing, follower, shutdown),
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


@dataclass(frozen=True, slots=True)
class _Signing:
    """What proves who sends: the keys of all producers, what reads them, and what counts their uses; and how much each
    may send."""

    keyring: Keyring
    reader: KeyringReader
    uses: KeyUses
    proving: Proving
    hints: Ration
    quotas: Quotas


def _signing(settings: Settings, pool: Pool, writer: Writer, clock: Clock, limits: Limits) -> _Signing:
    keyring = Keyring(settings.hmac_producer_secret.get_secret_value().encode(), RESENT_FOR)
    reader = KeyringReader(pool, keyring, SealingKeys(settings.sealing_keys), limits, clock)
    uses = KeyUses(pool)
    proving = Proving(keyring.find, writer.require, uses.count)
    return _Signing(keyring, reader, uses, proving, Ration(limits.hints_per_second), Quotas(pool, limits))


def _followed(
    settings: Settings, pool: Pool, signing: _Signing | None, readers: Readers, limits: Limits
) -> list[Subject]:
    """What is kept in memory as the database has it."""
    of_signing = [signing.reader] if signing else []
    of_reading = [ReadersLoader(pool, readers, limits)] if settings.signals_readers == "tokens" else []
    return [*of_signing, *of_reading]


def _background(
    pool: Pool, limits: Limits, clock: Clock, writer: Writer, signing: _Signing | None, follower: Follower, **more: Work
) -> Tasks:
    async def show_figures() -> None:
        writer.show()
        metrics.pool_in_use.set(pool.in_use)

    of_signing: dict[str, Work] = {}
    if signing is not None:
        compare, quotas = signing.reader.compare, signing.quotas
        of_signing = {
            "keyring_comparison": repeated("keyring_comparison", compare, limits.keyring_compare_seconds),
            "key_uses": repeated("key_uses", signing.uses.report, limits.uses_seconds),
            "rates": quotas.run,
            "rate_tidying": repeated("rate_tidying", quotas.tidy, limits.tidy_seconds),
        }
    survey = Survey(pool, limits)
    return Tasks(
        writer=writer.run,
        inquiry=repeated("inquiry", writer.inquire, limits.inquiry_seconds),
        pruning=repeated("pruning", Receipts(pool, limits, clock).prune, limits.prune_seconds),
        figures=repeated("figures", show_figures, limits.figures_seconds),
        clock_check=repeated("clock_check", DatabaseClock(pool, limits, clock).check, limits.clock_check_seconds),
        survey=repeated("survey", survey.look, limits.survey_seconds),
        thinning=repeated("thinning", survey.thin, limits.prune_seconds),
        holding=repeated("holding", Holding(pool, limits).look, limits.lag_seconds),
        **of_signing,
        **more,
        **follower.work,
    )


def _reader_guard(settings: Settings, readers: Readers) -> Middleware:
    if settings.signals_readers == "open":
        return Middleware(OpenReading)
    return Middleware(ReaderAuthentication, readers=readers)


def _guards(settings: Settings, signing: _Signing | None, clock: Clock, limits: Limits) -> list[Middleware]:
    """What a signal has to pass: first what can be told by its head, then what its body is needed for."""
    body = Middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    if signing is None:
        return [Middleware(JsonOnly), body, Middleware(UnprovenSender)]

    def rate_of(producer: str) -> Rate | None:
        return signing.keyring.rate_of(producer) or settings.producer_rate

    resends = Ration(limits.resends_per_second)
    rate = Middleware(RateLimit, quotas=signing.quotas, rate_of=rate_of, resends=resends, clock=clock)
    return [Middleware(JsonOnly), *_proof(signing, clock, [body]), rate]


def _proof(signing: _Signing | None, clock: Clock, body: Sequence[Middleware]) -> list[Middleware]:
    """What proves a producer, with what reads the body in between; nothing where signing is off."""
    if signing is None:
        return []
    proven = Middleware(ProducerAuthentication, proving=signing.proving, clock=clock, hints=signing.hints)
    return [Middleware(SigningHeaders, clock=clock), *body, proven]


def _lifespan(
    settings: Settings, pool: Pool, background: Tasks, signing: _Signing | None, follower: Follower, shutdown: Shutdown
) -> Lifespan[Any]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        metrics.build_info.labels(__version__, settings.app_build, settings.app_env).set(1)
        async with pool, signing.uses if signing else nullcontext(), background:
            await follower.first_look()
            shutdown.listen()
            yield

    return lifespan
