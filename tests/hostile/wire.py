"""A TCP connection to the service on which the test decides about every byte."""

import socket
import struct
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.running.service_process import ServiceProcess
from tests.running.waiting import DEADLINE_SECONDS, wait_until
from tests.speaking.connection import first_answer
from tests.speaking.exchange import Answer


class Wire:
    """One connection. It remembers when it was opened: the seconds of its answers count from then."""

    def __init__(self, service: ServiceProcess, *, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(DEADLINE_SECONDS)
        try:
            self._socket.connect(("127.0.0.1", service.port))
        except OSError:
            self.close()
            raise
        self._opened = time.monotonic()
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def port(self) -> int:
        """Its port on the side of the client."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def seconds(self) -> float:
        """How long the connection has been open."""
        return time.monotonic() - self._opened

    def send(self, data: bytes) -> Self:
        """Send all of `data`. Raises OSError when the service does not take it."""
        self._socket.sendall(data)
        return self

    def send_for_ever(self, data: bytes) -> None:
        """Send `data` again and again. Raises OSError when the service has cut the connection."""
        while self.seconds < DEADLINE_SECONDS:
            self.send(data)

    def finish(self) -> Self:
        """Say that nothing more will be sent, and go on listening."""
        self._socket.shutdown(socket.SHUT_WR)
        return self

    def drip(self, pieces: Iterable[bytes], pause: float = 0.1) -> list[Answer]:
        """Send piece by piece with a pause after each, and return what was answered when the service hangs up."""
        self._socket.settimeout(pause)
        for piece in pieces:
            assert self.seconds < DEADLINE_SECONDS, "the service waits for ever"
            try:
                if not self._receive():
                    break
            except TimeoutError:
                self.send(piece)
        return list(self._answers())

    def next_answer(self) -> Answer:
        """Wait for one answer."""
        while (answer := self._take()) is None:
            assert self._receive(), f"closed before the answer was complete: {self._received!r}"
        return answer

    def rest(self) -> list[Answer]:
        """Wait until the service hangs up, and return all that it answered before."""
        while self._receive():
            pass
        return list(self._answers())

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def reset(self) -> None:
        """Vanish, as far as the service can tell."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def _receive(self) -> bool:
        data = self._socket.recv(65536)
        self._received += data
        return bool(data)

    def _answers(self) -> Iterable[Answer]:
        while (answer := self._take()) is not None:
            yield answer
        assert not self._received, f"not an answer: {self._received!r}"

    def _take(self) -> Answer | None:
        """The first answer that has been received, if it is complete."""
        found = first_answer(self._received, self.seconds)
        if found is None:
            return None
        answer, self._received = found
        return answer


def clog(wire: Wire, service: ServiceProcess) -> None:
    """Send requests without reading their answers, until the service cannot give any more. It has read them all."""
    before = len(service.log)
    answered: list[int] = []
    sent = 0

    def quiet() -> bool:
        answered.append(len(service.log) - before)
        return answered[-1] == sent or answered[-15:].count(answered[-1]) == 15

    while not answered or answered[-1] == sent:
        wire.send(b"GET /metrics HTTP/1.1\r\nHost:\r\n\r\n" * 1000)
        sent += 1000
        wait_until(quiet, "the service has answered or cannot go on")
