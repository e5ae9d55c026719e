"""The sockets on which clients connect."""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from service.settings import SettingsError

BACKLOG = 2048

FREE_PORT_ATTEMPTS = 20

SEND_BUFFER_BYTES = 65_536
"""How much of its answers the kernel keeps for a client that does not read them (Linux doubles the figure). Left to
itself it keeps megabytes for each."""

RECEIVE_BUFFER_BYTES = 32_768
"""How much of a request it keeps, and so how much of one is read at most before the next client has its turn."""

_ALL_IPV4 = "0.0.0.0"  # if the operator says so  # noqa: S104  # nosec B104
_ALL_IPV6 = "::"


@contextmanager
def listening(hosts: Sequence[str], port: int) -> Iterator[list[socket.socket]]:
    """Sockets that listen on each of the addresses, all on one port: with port 0, on one that is free.

    `::` is every address of both families, by two sockets, so that IPv4 clients are known by IPv4 addresses; with an
    IPv4 address beside it, it is IPv6 alone. Raises SettingsError when an address cannot be had.
    """
    addresses = _both_families(hosts)
    listeners = _on_one_port(addresses, port) if port else _on_a_free_port(addresses)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener)
        yield listeners


class AddressTaken(SettingsError):
    """Somebody else has the address."""


def _on_a_free_port(addresses: Sequence[str]) -> list[socket.socket]:
    # What is free at one address may be taken at the next, were it only by a client's end of a connection.
    for _ in range(FREE_PORT_ATTEMPTS - 1):
        with suppress(AddressTaken):
            return _on_one_port(addresses, 0)
    return _on_one_port(addresses, 0)


def _on_one_port(addresses: Sequence[str], port: int) -> list[socket.socket]:
    with ExitStack() as opened:
        listeners: list[socket.socket] = []
        for address in addresses:
            listeners.append(opened.enter_context(_listen(address, port)))
            port = listeners[0].getsockname()[1]
        opened.pop_all()
    return listeners


def _both_families(hosts: Sequence[str]) -> list[str]:
    if any(not host.strip() for host in hosts):
        raise SettingsError("--host: is empty; 0.0.0.0 is every IPv4 address, :: every address of both families")
    distinct = list(dict.fromkeys(hosts))
    ipv6_alone = all(":" in host for host in distinct)
    return [_ALL_IPV4, *distinct] if _ALL_IPV6 in distinct and ipv6_alone else distinct


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        refusal = AddressTaken if error.errno == errno.EADDRINUSE else SettingsError
        raise refusal(f"--host and --port: cannot listen on {host} port {port}: {error.strerror}") from None
    # Its connections inherit both.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL under which a person on this machine reaches a socket."""
    host, port = listener.getsockname()[:2]
    reachable = {_ALL_IPV4: "127.0.0.1", _ALL_IPV6: "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
