"""Exceptions, told to an error tracker that speaks Sentry's protocol.

The SDK gathers nothing by itself. An event is made of a line of the log, which holds nothing confidential, and of the
places in the code that the exception passed, without the variables that were there and without its own words.
"""

import atexit
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service import __version__
from service.environment import SettingsError
from service.http.ration import Ration
from service.kernel.errors import database_reason
from service.kernel.limits import Limits
from service.kernel.logs import Fields, log, request_id
from service.kernel.timestamps import utc_now
from service.kernel.tracing import trace
from service.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk import Client

_NOTHING_BY_ITSELF: dict[str, Any] = {
    "default_integrations": False,
    "auto_enabling_integrations": False,
    "auto_session_tracking": False,
    "enable_backpressure_handling": False,
    "include_local_variables": False,
    "max_breadcrumbs": 0,
    "propagate_traces": False,
    "spotlight": False,
    "traces_sample_rate": None,
}


def begin(settings: Settings, limits: Limits) -> None:
    """Tell the error tracker of SENTRY_DSN, if it is set, of each line about an exception from now on: once for each
    process. Raises SettingsError when that is no DSN, or the extra is not installed."""
    if settings.sentry_dsn is None:
        return
    client = _client(settings)
    log.tracker = Tracker(client, limits).tell
    atexit.register(client.close, limits.telemetry_drain_seconds)


def _client(settings: Settings) -> "Client":
    try:
        from sentry_sdk import Client
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise SettingsError("SENTRY_DSN: needs the package sentry-sdk: install signals[sentry]") from None
    dsn = settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else ""
    try:
        return Client(dsn, release=f"signals@{__version__}", environment=settings.app_env, **_NOTHING_BY_ITSELF)
    except BadDsn:
        raise SettingsError("SENTRY_DSN: is not like https://key@sentry.example.com/1") from None


class Tracker:
    """Tells of exceptions, so many a second at most. The SDK sends from a thread of its own, and drops what has no room
    there: nobody waits for it."""

    def __init__(self, client: "Client", limits: Limits) -> None:
        from sentry_sdk.utils import capture_internal_exceptions, event_from_exception

        self._client = client
        self._event_from: Callable[..., Any] = event_from_exception
        self._unharmed: Callable[..., Any] = capture_internal_exceptions
        self._ration = Ration(limits.errors_per_second)

    def tell(self, level: str, message: str, fields: Fields) -> None:
        """Tell of the exception in the fields of a line."""
        if self._ration.take(utc_now()):
            with self._unharmed():
                self._client.capture_event(self._event(level, message, fields))

    def _event(self, level: str, message: str, fields: Fields) -> Any:
        traced = trace.get()
        rest = {"request_id": request_id.get(), "trace_id": traced and traced.id, **fields}
        exception = rest.pop("exception")
        event, _ = self._event_from(exception, client_options=self._client.options)
        for each in event["exception"]["values"]:
            each["value"] = ""  # its own words may quote what was sent
        event["exception"]["values"][-1]["value"] = database_reason(exception) or ""
        tags = {name: str(value) for name, value in rest.items() if value is not None}
        return {**event, "level": level, "message": message, "tags": tags}
