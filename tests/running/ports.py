"""Ports on which a server can listen again and again, while clients knock at them."""

import random
import socket
from contextlib import suppress

PORTS = range(15_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: a client that knocks at a closed port of that range
again and again is one day connected to itself, and then the port is taken."""


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
