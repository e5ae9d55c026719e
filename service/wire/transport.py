"""What stands between the protocol and the socket: when a connection is read from, and how it ends."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.flow_control import FlowControl

from service.kernel.limits import Limits


class LingeringTransport(asyncio.Transport):
    """Stands before a TCP transport, and closes in stages while input is expected (RFC 9112 section 9.6).

    The kernel resets a connection that is closed with input unread, and a reset takes the answer away from a client
    that has not read it yet. So the writing side is closed first, and input is read, for the protocol to throw away,
    until the client closes too or `linger_seconds` are over. A client that does not read is given `unsent_seconds`.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, limits: Limits, unsent_seconds: float
    ) -> None:
        super().__init__()
        self.input_expected = False
        self.closing = False
        self._transport = transport
        self._loop = loop
        self._linger_seconds = limits.linger_seconds
        self._unsent_seconds = unsent_seconds
        self._end: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:  # type: ignore[override]  # uvicorn writes nothing but bytes
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """End the connection after all that was written; nothing can be written any more."""
        if self.is_closing():
            return
        self.closing = True
        if self.input_expected:
            self._transport.write_eof()
            self._transport.resume_reading()
            self.abort_in(self._linger_seconds)
            return
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self.abort_in(self._unsent_seconds)

    def is_closing(self) -> bool:
        """Whether `close` was called or the connection is lost."""
        return self.closing or self._transport.is_closing()

    def abort_in(self, seconds: float) -> None:
        """Cut the connection then, whatever has not been sent yet."""
        self._cancel()
        self._end = self._loop.call_later(seconds, self._abort)

    def call_off(self) -> None:
        """Do not cut the connection after all, unless it has been closed meanwhile."""
        if not self.closing:
            self._cancel()

    def lost(self) -> None:
        """To be told when the connection is no more."""
        self.closing = True
        self._cancel()

    def _abort(self) -> None:
        # Without this the kernel would keep for minutes what it has not sent to a client that does not read.
        at_once = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self._transport.abort()

    def _cancel(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)


class HoldingFlow(FlowControl):
    """Does not start to read again while input is held back. uvicorn would, at every answer of a pipeline."""

    held = False

    def resume_reading(self) -> None:
        if not self.held:
            super().resume_reading()
