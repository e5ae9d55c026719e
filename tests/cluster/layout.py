"""Where everything of a cluster is. It is kept in a file, so that another process can end what one has started."""

import json
import secrets
import socket
from base64 import b64encode
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.running.ports import free_port

HOSTS = {"node1": "127.0.0.11", "node2": "127.0.0.12", "node3": "127.0.0.13"}
"""All of 127.0.0.0/8 is this machine, so that the nodes differ by address and not by port, as real ones do."""

NODES = tuple(HOSTS)
SERVICES = ("service1", "service2")
PROXY_HOST = "127.0.0.1"
NETWORK = "127.0.0.0/8"
FILE = "cluster.json"


@dataclass(frozen=True, slots=True)
class Ports:
    """The first five are the same on each node."""

    etcd: int
    etcd_peer: int
    patroni: int
    postgresql: int
    pgbouncer: int
    write: int
    read: int
    entrance: int
    service1: int
    service2: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One cluster: its folder, its ports, and its secrets."""

    folder: Path
    ports: Ports
    password: str
    sealing_key: str

    @classmethod
    def new(cls, folder: Path, entrance_port: int | None = None) -> Self:
        """A cluster in an empty folder. Raises OSError when the port of the entrance is taken."""
        if entrance_port is not None:
            socket.create_server((PROXY_HOST, entrance_port)).close()
        names = [name for name in Ports.__dataclass_fields__ if name != "entrance"]
        ports = dict(zip(names, _free_ports(len(names)), strict=True))
        layout = cls(
            folder,
            Ports(entrance=entrance_port or free_port(), **ports),
            secrets.token_hex(16),
            b64encode(secrets.token_bytes(32)).decode(),
        )
        (folder / FILE).touch(mode=0o600)
        (folder / FILE).write_text(json.dumps({**asdict(layout), "folder": str(folder)}))
        return layout

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The cluster that is in a folder. Raises OSError when there is none."""
        kept = json.loads((folder / FILE).read_text())
        return cls(folder, Ports(**kept["ports"]), kept["password"], kept["sealing_key"])

    def url(self, port: int, user: str, host: str = PROXY_HOST) -> str:
        """The database of the service, at a port, for a user."""
        return f"postgresql://{user}:{self.password}@{host}:{port}/signals"

    @property
    def entrance(self) -> str:
        """Where producers and readers find the service."""
        return f"http://{PROXY_HOST}:{self.ports.entrance}"

    def data(self, node: str) -> Path:
        """The data folder of PostgreSQL on a node."""
        return self.folder / node / "postgresql"


def _free_ports(number: int) -> list[int]:
    """Ports that are free on all addresses of the cluster."""
    found: set[int] = set()
    while len(found) < number:
        port = free_port()
        with suppress(OSError):
            for host in HOSTS.values():
                socket.create_server((host, port)).close()
            found.add(port)
    return list(found)
