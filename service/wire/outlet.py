"""The way to one client for who writes the body of an answer past ASGI, again and again."""

import fcntl
import socket
import struct
import termios
from contextlib import suppress

from uvicorn.protocols.http.flow_control import FlowControl

from service.wire.transport import LingeringTransport

KERNEL_BYTES = 65_536
"""What the kernel keeps for a client that reads slowly. By itself it would take megabytes for each."""


class Outlet:
    """Writes at once, and knows whether the client takes what is written. Nothing is cut by itself any more: who has
    this looks for clients that take nothing. With `chunked` what is written must be whole chunks (RFC 9112 section
    7.1), else, to a client of HTTP/1.0, it ends with the connection."""

    def __init__(self, transport: LingeringTransport, flow: FlowControl, *, chunked: bool) -> None:
        self.chunked = chunked
        self._transport = transport
        self._flow = flow
        self._socket = transport.get_extra_info("socket")
        self._written = self._acknowledged = 0
        with suppress(OSError):  # the client is gone
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)

    @property
    def closed(self) -> bool:
        """Whether nothing may be written any more. uvloop raises on writing all the same, where asyncio is silent."""
        return self._transport.is_closing()

    @property
    def full(self) -> bool:
        """Whether the client has to take something before more is written."""
        return self._flow.write_paused

    def write(self, data: bytes) -> None:
        """Send `data` behind what was written before. It must be neither closed nor, for much longer, full."""
        self._written += len(data)
        self._transport.write(data)

    async def drained(self) -> None:
        """Wait until it is not full, or closed."""
        await self._flow.drain()

    def progressed(self) -> bool:
        """Whether the client has acknowledged something since this was asked last, or has nothing to acknowledge."""
        unacknowledged = self._transport.get_write_buffer_size() + self._in_kernel()
        before, self._acknowledged = self._acknowledged, self._written - unacknowledged
        return unacknowledged == 0 or self._acknowledged > before

    def _in_kernel(self) -> int:
        """What was handed to the kernel and is not acknowledged by the client's: SIOCOUTQ in tcp(7)."""
        with suppress(OSError):  # it is closed, or the system does not tell
            return int(struct.unpack("i", fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
        return 0

    def cut(self) -> None:
        """End the connection without another word, whatever has not been taken."""
        self._transport.abort_in(0)
