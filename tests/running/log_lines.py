"""What a running service writes to its standard output, line by line, while it runs."""

import fcntl
import json
import time
from collections.abc import Callable, Mapping
from threading import Condition, Event, Thread
from typing import IO, Any

from tests.running.waiting import DEADLINE_SECONDS

LogLine = Mapping[str, Any]

CLOSING = "Request handled"
"""The message of the last line about each request."""


class LogLines:
    """Reads a stream of JSON lines in a thread of its own until the stream ends."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._lines: list[LogLine] = []
        self._news = Condition()
        self._ended = False
        self._reading = Event()
        self._reading.set()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._stream:
            self._reading.wait()
            with self._news:
                self._lines.append(_parse(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def pause(self) -> None:
        """Stop reading, so that the pipe, which is made as small as can be, fills up."""
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self._stream, fcntl.F_SETPIPE_SZ, 4096)
        self._reading.clear()

    def resume(self) -> None:
        """Read on."""
        self._reading.set()

    def wait_for_line(self, predicate: Callable[[LogLine], bool], what: str, since: int = 0) -> LogLine:
        """The first line from number `since` on for which `predicate` holds; fails after a deadline."""
        end = time.monotonic() + DEADLINE_SECONDS
        position = since
        with self._news:
            while True:
                for line in self._lines[position:]:
                    if predicate(line):
                        return line
                position = len(self._lines)
                if self._ended or not self._news.wait(end - time.monotonic()):
                    raise AssertionError(f"not in the log: {what}\n{self.text(since)}")

    def about(self, request_id: str, since: int) -> list[LogLine]:
        """All lines about a request, from number `since` on; waits for its closing line, which is the last one."""
        self.wait_for_line(
            lambda line: line.get("request_id") == request_id and line["message"] == CLOSING,
            f"the closing line of the request {request_id}",
            since,
        )
        return [line for line in self.since(since) if line.get("request_id") == request_id]

    def since(self, position: int) -> list[LogLine]:
        """The lines from number `position` on."""
        with self._news:
            return self._lines[position:]

    def text(self, since: int) -> str:
        """The lines from number `since` on, one below the other."""
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in self.since(since))

    def __len__(self) -> int:
        with self._news:
            return len(self._lines)

    def check(self, since: int = 0) -> None:
        """Fail when a line from number `since` on is no JSON object with time, level and message."""
        for line in self.since(since):
            assert {"timestamp", "level", "message"} <= line.keys(), line

    def finish(self) -> None:
        """Wait until the stream has ended."""
        self.resume()
        self._reader.join(DEADLINE_SECONDS)
        self._stream.close()


def _parse(line: bytes) -> LogLine:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"message": f"not a JSON object: {line!r}"}
