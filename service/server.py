"""Runs the service under uvicorn: the embedded or the given PostgreSQL below it, one or more processes."""

import asyncio
import gc
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import asyncpg
import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from service.app import create_app
from service.http.budget import Budget
from service.http.protocol import TURNED_AWAY_MAX, GuardedProtocol
from service.kernel import metrics
from service.kernel.limits import Limits
from service.kernel.logs import configure_logs, log
from service.kernel.process import allow_open_files, give_back_large_buffers
from service.kernel.timestamps import Clock, utc_now
from service.postgres.durability import check_server
from service.postgres.embedded import embedded_postgres
from service.postgres.schema import migrate
from service.settings import Settings, SettingsError

BACKLOG = 2048

GC_ALLOCATIONS = 50_000
"""How many more objects than before there may be until cycles are looked for: those of about a thousand requests that
wait. Requests leave no cycles behind, so there is little to find."""

SEND_BUFFER_BYTES = 65_536
"""How much of its answers the kernel keeps for a client that does not read them (Linux doubles the figure). Left to
itself it keeps megabytes for each."""

RECEIVE_BUFFER_BYTES = 32_768
"""How much of a request it keeps, and so how much of one is read at most before the next client has its turn."""

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
    settings: Settings, *, host: str, port: int, workers: int = 1, clock: Clock = utc_now, limits: Limits = _LIMITS
) -> None:
    """Serve until SIGTERM or SIGINT. The embedded database is migrated first; a given one is left as it is.

    Raises NotDurable in production when the database could lose an acknowledged signal.
    """
    configure_logs(settings.app_log_level)
    for sentence in settings.warnings():
        log.warning(sentence)
    _allow_connections(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _listen(host, port) as listener, postgres(settings) as url, _shared_figures(workers):
        if settings.database_url is None:
            asyncio.run(migrate(url))
        _check_durability(url, settings, limits)
        settings = settings.model_copy(update={"database_url": SecretStr(url)})
        log.info("Listening", host=host, port=listener.getsockname()[1], workers=workers)
        _run(_config(settings, clock, limits, workers), listener)


def _allow_connections(settings: Settings) -> None:
    needed = settings.signals_connections_max + TURNED_AWAY_MAX + settings.database_pool_size + OTHER_FILES
    allowed = allow_open_files(needed)
    if allowed < needed:
        log.warning("Fewer files may be open than the connections need", needed=needed, allowed=allowed)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(f"--host and --port: cannot listen on {host} port {port}: {error.strerror}") from None
    # Its connections inherit both.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return listener


@contextmanager
def _shared_figures(workers: int) -> Iterator[None]:
    """Where several worker processes add up their metrics, while they run."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="signals-metrics-") as directory:
        os.environ[metrics.SHARED_DIRECTORY] = directory
        yield


def _check_durability(url: str, settings: Settings, limits: Limits) -> None:
    try:
        asyncio.run(check_server(url, limits, refuse=settings.app_env == "production"))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        log.warning("Database not reachable: starting without it", exception=error)


def _config(settings: Settings, clock: Clock, limits: Limits, workers: int) -> uvicorn.Config:
    budget = Budget(limits.unproven_bytes)
    return uvicorn.Config(
        partial(_application, settings, clock, limits),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=partial(  # type: ignore[arg-type]  # any factory will do
            GuardedProtocol, settings=settings, limits=limits, budget=budget
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.signals_trusted_proxies != "",
        forwarded_allow_ips=settings.signals_trusted_proxies,
        timeout_graceful_shutdown=limits.grace_seconds,
    )


def _application(settings: Settings, clock: Clock, limits: Limits) -> ASGIApp:
    """What each worker process builds for itself."""
    configure_logs(settings.app_log_level)
    app = create_app(settings, clock=clock, limits=limits)
    # What was loaded until now stays: the collector need not look at it ever again, nor after every few requests.
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS)
    give_back_large_buffers()
    return app


def _run(config: uvicorn.Config, listener: socket.socket) -> None:
    try:
        if config.workers > 1:
            Multiprocess(config, sockets=[listener]).run()
        else:
            uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        return
