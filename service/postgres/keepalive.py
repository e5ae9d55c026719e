"""Connections whose other end is gone without a word: a machine that lost its power, a network that drops packets."""

import socket

import asyncpg

_OPTIONS = {
    (socket.SOL_SOCKET, "SO_KEEPALIVE"): 1,
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE"): 5,
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL"): 1,
    (socket.IPPROTO_TCP, "TCP_KEEPCNT"): 5,
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"): 10_000,
}
"""Seconds, but for the last, which counts milliseconds. It rules while data is on its way, when no probes are sent. Not
every platform has all of them."""


def watch(connection: asyncpg.Connection) -> None:
    """Let the kernel end this connection when its other end has acknowledged nothing for ten seconds.

    By itself Linux waits for an answer for ever, and for an acknowledgement of data for a quarter of an hour.
    """
    end = connection._transport.get_extra_info("socket")
    if end.family == socket.AF_UNIX:
        return
    for (level, name), value in _OPTIONS.items():
        if hasattr(socket, name):
            end.setsockopt(level, getattr(socket, name), value)
