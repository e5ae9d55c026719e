"""The whole path of a request on one screen: the only place that wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan

from service.archive.retention import Retention
from service.batch.endpoint import CreateBatch
from service.batch.lane import Lane
from service.board.pages import BoardPages
from service.feed.pages import Pages
from service.feed.tail import Tail
from service.following.follower import Follower, Subject
from service.guards import SignalGuards, Signing, duplicates_of, reader_guards, signing_of, token_guards
from service.http.body_limit import BodyLimit
from service.http.exact_path import ExactPath
from service.http.own_path import OwnPath
from service.http.request_context import RequestContext
from service.intake.endpoint import CreateSignal
from service.intake.journal import Journal
from service.intake.terms import Terms
from service.intake.writer import Writer
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.tasks import Tasks, Work, repeated
from service.kernel.timestamps import Clock, utc_now
from service.lifecycle.deciding import Deciding
from service.lifecycle.endpoint import Decide
from service.lifecycle.expiry import Expiry
from service.lifecycle.guards import deciders, either
from service.live import LiveFeed
from service.manual.pages import pages
from service.months.upkeep import Months
from service.operate import figures
from service.operate.clock import DatabaseClock
from service.operate.database_time import DatabaseTime
from service.operate.endpoints import ServiceEndpoints
from service.operate.readiness import Readiness
from service.operate.shutdown import Shutdown
from service.postgres.pool import Pool
from service.readers.loader import ReadersLoader
from service.readers.readers import Readers
from service.reading.endpoints import Reading
from service.reading.overview import Overview
from service.reading.places import Places
from service.reading.waiting import Waiting
from service.receipts.pruning import Receipts
from service.settings import Settings, SettingsError
from service.standbys.standbys import Standbys
from service.survey.holding import Holding
from service.survey.survey import Survey
from service.telemetry import requests as traced

_LIMITS = Limits()


def create_app(
    settings: Settings, *, clock: Clock = utc_now, limits: Limits = _LIMITS, tracing: traced.Tracing | None = None
) -> ASGIApp:
    """The service as an ASGI application. `settings.database_url` must be set.

    Its lifespan opens the database lazily: the application starts without it and becomes ready when it comes.
    """
    pool = _pool(settings, limits)
    journal = Journal(tracing.attempted if tracing else None)
    tail = Tail(pool, limits)
    writer = Writer(pool, limits, journal, queue_limit=settings.signals_queue_limit, on_stored=tail.wake)
    lane = Lane(pool, limits, journal, on_stored=tail.wake)
    signing = signing_of(settings, pool, writer.require, clock, limits)
    readers = Readers(clock)
    if settings.signals_readers == "open":
        readers.fill({})
    overview = Overview(clock)
    standbys = Standbys(settings, pool, limits)
    share = standbys.share
    database_time = DatabaseTime(pool, clock)
    terms = Terms(settings, clock, database_time.now, signing.keyring.needs_approval if signing else None)
    feed = Pages(share, limits, payload_max_bytes=settings.signals_payload_max_bytes)
    places = Places(settings.signals_streams_max)
    reading = Reading(share, feed, Waiting(tail, places), overview, lambda: shutdown.begun)
    live = LiveFeed(tail, feed, places, limits, idle_seconds=settings.signals_idle_seconds, now=database_time.now)
    follower = Follower(_followed(settings, pool, signing, readers, limits, live), pool.dedicated, limits)
    shutdown = Shutdown(settings.signals_shutdown_delay_seconds, writer.close, lane.close, live.leave)
    readiness = Readiness(pool, writer.failing, limits, knows_keys=lambda: signing is None or signing.keyring.loaded)
    about = ServiceEndpoints(settings, readiness, standbys.readiness.dependencies, shutdown)
    guards = SignalGuards(settings, signing, clock, limits, tracing)
    known = duplicates_of(settings, signing)
    no_body = [Middleware(BodyLimit, max_bytes=0)]
    board = BoardPages()
    read = [*reader_guards(settings, readers, tracing), *no_body]
    follow = [*read, *traced.feed(tracing)]
    looking = repeated("overview", overview.look, limits.overview_seconds)
    timing = repeated("database_time", database_time.look, limits.database_time_seconds)
    expiring = repeated("expiry", Expiry(pool, limits, tail.wake).look, limits.expiry_seconds)
    months = repeated("months", Months(pool, limits).look, limits.months_seconds)
    more = {
        "months": months,
        "overview": looking,
        "tail": tail.run,
        "streams": live.sweeping,
        "time": timing,
        "expiry": expiring,
        **_retention(settings, limits),
        **standbys.work,
    }
    background = _background(pool, limits, clock, writer, lane, signing, follower, standbys.any, **more)
    router = Router(
        routes=[
            Route(
                "/api/v1/signals",
                CreateSignal(settings, limits, writer, journal, terms, known),
                methods=["POST"],
                middleware=guards.of(settings.body_max_bytes),
            ),
            OwnPath(
                "/api/v1/signals/batch",
                CreateBatch(settings, limits, lane, journal, terms, known),
                methods=["POST"],
                middleware=guards.of(settings.signals_batch_max_bytes),
            ),
            Route("/api/v1/signals/{id}", reading.signal, middleware=[either(read, guards.proof(no_body))]),
            Route(
                "/api/v1/signals/{id}/status",
                Decide(Deciding(pool, share), on_decided=tail.wake).status,
                methods=["POST"],
                middleware=[deciders(token_guards(readers, tracing), guards.proof)],
            ),
            Route("/api/v1/feed", reading.feed, middleware=follow),
            Route("/api/v1/feed/live", live, methods=["GET"], middleware=follow),
            Route("/api/v1/instruments", reading.instruments, middleware=read),
            Route("/api/v1/overview", reading.overview, middleware=read),
            Route("/api/v1/health", about.health, middleware=no_body),
            Route("/api/v1/ready", about.ready, middleware=no_body),
            Route("/api/v1/ready/feed", about.ready_feed, middleware=no_body),
            Route("/api/v1/version", about.version, middleware=no_body),
            Route("/metrics", about.metrics, middleware=no_body),
            Route("/board", board.page, methods=["GET"], middleware=no_body),
            Route("/board/{version}/{name}", board.file, middleware=no_body),
            *(Route(path, page, methods=["GET"], middleware=no_body) for path, page in pages().items()),
        ],
        redirect_slashes=False,
        middleware=[Middleware(ExactPath)],
        lifespan=_lifespan(settings, pool, standbys, background, signing, follower, shutdown),
    )
    return traced.requests(RequestContext(router), tracing)


def _retention(settings: Settings, limits: Limits) -> dict[str, Work]:
    """What archives old months, where that is asked for."""
    days, folder, url = settings.signals_retention_days, settings.signals_archive_folder, settings.database_url
    if days is None or folder is None or url is None:
        return {}
    retention = Retention(url.get_secret_value(), days, folder.resolve())
    return {"retention": repeated("retention", retention.look, limits.retention_seconds)}


def _pool(settings: Settings, limits: Limits) -> Pool:
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: must be set")
    return Pool(
        settings.database_url.get_secret_value(),
        limits,
        size=settings.database_pool_size,
        refuse_not_durable=settings.app_env == "production",
    )


def _followed(
    settings: Settings, pool: Pool, signing: Signing | None, readers: Readers, limits: Limits, live: LiveFeed
) -> list[Subject]:
    """What is kept in memory as the database has it."""
    of_signing = [signing.reader] if signing else []
    of_reading = [ReadersLoader(pool, readers, limits, live.forget)] if settings.signals_readers == "tokens" else []
    return [*of_signing, *of_reading]


def _background(
    pool: Pool,
    limits: Limits,
    clock: Clock,
    writer: Writer,
    lane: Lane,
    signing: Signing | None,
    follower: Follower,
    standbys: bool,
    **more: Work,
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
    survey = Survey(pool, limits, beats=standbys)
    survey_seconds = limits.standby_seconds if standbys else limits.survey_seconds
    return Tasks(
        writer=writer.run,
        **({"second_writer": writer.run_second} if pool.commits > 1 else {}),
        inquiry=repeated("inquiry", writer.inquire, limits.inquiry_seconds),
        batch_inquiry=repeated("batch_inquiry", lane.inquire, limits.inquiry_seconds),
        pruning=repeated("pruning", Receipts(pool, limits, clock).prune, limits.prune_seconds),
        figures=repeated("figures", show_figures, limits.figures_seconds),
        clock_check=repeated("clock_check", DatabaseClock(pool, limits, clock).check, limits.clock_check_seconds),
        survey=repeated("survey", survey.look, survey_seconds),
        thinning=repeated("thinning", survey.thin, limits.prune_seconds),
        holding=repeated("holding", Holding(pool, limits).look, limits.lag_seconds),
        **of_signing,
        **more,
        **follower.work,
    )


def _lifespan(
    settings: Settings,
    pool: Pool,
    standbys: Standbys,
    background: Tasks,
    signing: Signing | None,
    follower: Follower,
    shutdown: Shutdown,
) -> Lifespan[Any]:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        figures.begin(settings)
        async with pool, standbys.open, signing.uses if signing else nullcontext(), background:
            await follower.first_look()
            shutdown.listen()
            yield

    return lifespan
