"""Runs the service under uvicorn: the embedded or the given PostgreSQL below it, one or more processes."""

import asyncio
import gc
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import asyncpg
import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp

from service.app import create_app
from service.environment import file_problem
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import configure_logs, log
from service.kernel.timestamps import Clock, utc_now
from service.operate.listeners import listening
from service.operate.orphans import leave_with_parent
from service.operate.process import allow_open_files, give_back_large_buffers
from service.operate.serving import Server, Workers
from service.postgres.durability import check_server
from service.postgres.embedded import embedded_postgres
from service.postgres.schema import migrate
from service.settings import Settings, SettingsError, unknown_settings
from service.telemetry import error_tracking, tracing
from service.wire.budget import Budget
from service.wire.protocol import TURNED_AWAY_MAX, GuardedProtocol

GC_ALLOCATIONS = 50_000
"""How many more objects than before there may be until cycles are looked for: those of about a thousand requests that
wait. Requests leave no cycles behind, so there is little to find."""

OTHER_FILES = 100
"""How many files a process has open at most, beside its connections to clients and to the database."""

_LIMITS = Limits()


@contextmanager
def postgres(settings: Settings) -> Iterator[str]:
    """The URL of the database: the given one, or the embedded one, running while the context lasts."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded_postgres(settings.signals_data_dir) as url:
        yield url


def serve(
    settings: Settings,
    *,
    hosts: Sequence[str],
    port: int,
    workers: int = 1,
    clock: Clock = utc_now,
    limits: Limits = _LIMITS,
) -> None:
    """Serve until SIGTERM or SIGINT. The embedded database is migrated first; a given one is left as it is.

    Raises SettingsError when an address or a folder cannot be used, and NotDurable in production when the database
    could lose an acknowledged signal.
    """
    _begin_process(settings, limits)
    with _failures_told():
        _serve(settings, hosts, port, workers, clock, limits)


def _serve(settings: Settings, hosts: Sequence[str], port: int, workers: int, clock: Clock, limits: Limits) -> None:
    tracing.wanted()  # what is wrong with it, people are told before there are processes
    for sentence in settings.warnings():
        log.warning(sentence)
    for name in unknown_settings():
        log.warning("Unknown setting", name=name)
    _allow_connections(settings)
    with listening(hosts, port) as listeners, postgres(settings) as url, _shared_figures(workers):
        if settings.database_url is None:
            asyncio.run(migrate(url))
        _check_durability(url, settings, limits)
        settings = settings.model_copy(update={"database_url": SecretStr(url)})
        for listener in listeners:
            host, port = listener.getsockname()[:2]
            log.info("Listening", host=host, port=port, workers=workers)
        _run(_config(settings, clock, limits, workers), listeners)


def _allow_connections(settings: Settings) -> None:
    needed = settings.signals_connections_max + TURNED_AWAY_MAX + settings.database_pool_size + OTHER_FILES
    allowed = allow_open_files(needed)
    if allowed < needed:
        log.warning("Fewer files may be open than the connections need", needed=needed, allowed=allowed)


def _begin_process(settings: Settings, limits: Limits) -> None:
    """What every process does first, so that it ends in good order when it is told to."""
    configure_logs(settings.app_log_level, limits)
    error_tracking.begin(settings, limits)
    signal.signal(signal.SIGTERM, _leave)


@contextmanager
def _failures_told() -> Iterator[None]:
    """What ends a process before it could log a line of its own: people are told of it on standard error."""
    try:
        yield
    except Exception as error:
        if log.tracker is not None:
            log.tracker("error", "Service failed", {"exception": error})
        raise


def _leave(_: int, __: FrameType | None) -> NoReturn:
    """A second SIGTERM, which a worker may get as a member of its group, does not disturb the leaving."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    sys.exit(0)


@contextmanager
def _shared_figures(workers: int) -> Iterator[None]:
    """Where several worker processes add up their metrics, while they run."""
    if metrics.SHARED_DIRECTORY in os.environ:
        raise SettingsError(f"{metrics.SHARED_DIRECTORY}: must not be set: the service makes a folder of its own")
    if workers == 1:
        yield
        return
    try:
        folder = tempfile.TemporaryDirectory(prefix="signals-metrics-")
    except OSError as error:
        sentence = file_problem(error) or error.strerror
        raise SettingsError(f"--workers: processes share their figures in a temporary folder: {sentence}") from None
    with folder as directory:
        os.environ[metrics.SHARED_DIRECTORY] = directory
        yield


def _check_durability(url: str, settings: Settings, limits: Limits) -> None:
    try:
        asyncio.run(check_server(url, limits, refuse=settings.app_env == "production"))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        if file_problem(error):
            raise
        log.warning("Database not reachable: starting without it", exception=error)


class _Config(uvicorn.Config):
    """Knows what a worker process has to do first."""

    def __init__(self, *given: Any, settings: Settings, limits: Limits, **options: Any) -> None:
        self._settings = settings
        self._limits = limits
        super().__init__(*given, **options)

    def configure_logging(self) -> None:
        """uvicorn calls this in each process that it starts, and in the first one, which has begun already."""
        super().configure_logging()
        if multiprocessing.parent_process() is not None:
            _begin_process(self._settings, self._limits)


def _config(settings: Settings, clock: Clock, limits: Limits, workers: int) -> uvicorn.Config:
    budget = Budget(limits.unproven_bytes)
    return _Config(
        partial(_application, settings, clock, limits),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=partial(GuardedProtocol, settings=settings, limits=limits, budget=budget),
        ws="none",
        lifespan="on",
        settings=settings,
        limits=limits,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.signals_trusted_proxies != "",
        forwarded_allow_ips=settings.signals_trusted_proxies,
        timeout_graceful_shutdown=limits.grace_seconds,
    )


def _application(settings: Settings, clock: Clock, limits: Limits) -> ASGIApp:
    """What each worker process builds for itself."""
    leave_with_parent(limits)
    app = create_app(settings, clock=clock, limits=limits, tracing=tracing.begin(settings, limits))
    # What was loaded until now stays: the collector need not look at it ever again, nor after every few requests.
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    give_back_large_buffers()
    return app


def _run(config: uvicorn.Config, listeners: list[socket.socket]) -> None:
    try:
        if config.workers > 1:
            Workers(config, listeners).run()
        else:
            Server(config).run(listeners)
    except KeyboardInterrupt:
        return
