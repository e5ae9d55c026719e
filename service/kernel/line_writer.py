"""Finished log lines on their way to an output whose reader may be slow, or gone."""

import os
import select
import time
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import RLock, Thread

from service.kernel import metrics


class LineWriter:
    """Writes lines to a file descriptor in a thread of its own, so that whoever logs never waits for the reader. What
    comes within `rest_seconds` of a write leaves together: to wake the thread for each costs as much as to make it.

    A line that finds no room in the buffer, or that cannot be written, is dropped and counted. When lines can be
    written again, and half of the buffer is free, the one that `tell` makes of how many were dropped is written too.
    Without a descriptor all are dropped.
    """

    def __init__(
        self, descriptor: int | None, tell: Callable[[int], bytes], *, buffer_bytes: int, rest_seconds: float = 0.005
    ) -> None:
        self._descriptor, self._rest_seconds = descriptor, rest_seconds
        self._tell = tell
        self._buffer_bytes = self._room = buffer_bytes
        self._lines: list[bytes] = []
        self._dropped = 0
        self._lock = RLock()  # a signal handler or a finalizer may log in the middle of another line
        self._calls: SimpleQueue[bool] = SimpleQueue()
        self._called = False
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def hold(self, *lines: bytes) -> None:
        """Take lines that are to be written with the next one."""
        with self._lock:
            for line in lines:
                if len(line) > self._room:
                    self._drop(1)
                else:
                    self._room -= len(line)
                    self._lines.append(line)

    def write(self, *lines: bytes) -> None:
        """Take lines that are to be written soon, behind those that are held."""
        with self._lock:
            self.hold(*lines)
            called, self._called = self._called, True
        if not called:
            self._calls.put(True)

    def close(self, seconds: float) -> None:
        """Wait until all is written that was taken, for at most so long. Nothing is written afterwards."""
        self._calls.put(False)
        self._thread.join(seconds)

    def _run(self) -> None:
        while self._calls.get():
            self._sweep()
            time.sleep(self._rest_seconds)
        while self._lines:
            self._sweep()

    def _sweep(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
            self._called = False
        written = [self._write_piece(piece) for piece in _pieces(lines)]
        with self._lock:  # nobody else takes the room meanwhile
            ample = self._room > self._buffer_bytes // 2
            if self._dropped and ample and all(written):
                dropped, self._dropped = self._dropped, 0
                self.write(self._tell(dropped))

    def _write_piece(self, piece: list[bytes]) -> bool:
        text = b"".join(piece)
        written = self._written(text)
        with self._lock:
            self._room += len(text)
            if not written:
                self._drop(len(piece))
        return written

    def _drop(self, lines: int) -> None:
        self._dropped += lines
        metrics.log_lines_dropped.inc(lines)

    def _written(self, text: bytes) -> bool:
        if self._descriptor is None:
            return False
        rest = memoryview(text)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever started the service may have made its output non-blocking
                select.select([], [self._descriptor], [])
            except OSError:
                return False
        return True


def _pieces(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many lines as a pipe takes without mixing them with those of other worker processes (POSIX, `write`)."""
    piece, size = list[bytes](), 0
    for line in lines:
        if piece and size + len(line) > select.PIPE_BUF:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    if piece:
        yield piece
