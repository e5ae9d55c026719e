"""The files and the command line of each program, by its place: `node1/patroni`, `database`, `service2`."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from tests.cluster.layout import HOSTS, NETWORK, NODES, PROXY_HOST, SERVICES, Layout
from tests.programs import program
from tests.running.environment import ROOT, service_environment, unmeasured

TEMPLATES = ROOT / "docs" / "deployment" / "cluster"
WORKERS = 2
SHUTDOWN_DELAY_SECONDS = 3
"""Longer than HAProxy needs to notice that a service is not ready any more."""

OWNER, SERVICE = "signals_owner", "signals"
"""Whose the tables are, and as whom the service connects."""

ETCD3_IS_SAFE = (3, 0, 4)
"""From this version of Patroni on."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that runs in the foreground: its command line, its files by name, and its environment. Those of the
    database refuse to run as root."""

    command: Sequence[str]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None
    of_database: bool = False


def daemons(layout: Layout, settings: Mapping[str, str]) -> dict[str, Daemon]:
    """All programs of a cluster whose services have these settings, in the order in which they start."""
    protocol = _etcd_protocol()
    found = {f"{node}/etcd": _etcd(layout, node) for node in NODES}
    found |= {f"{node}/patroni": _patroni(layout, node, protocol) for node in NODES}
    found |= {f"{node}/pgbouncer": _pgbouncer(layout, node) for node in NODES}
    found["database"] = _haproxy(layout, "haproxy-database.cfg")
    found |= {name: service(layout, name, settings, ROOT) for name in SERVICES}
    found["entrance"] = _haproxy(layout, "haproxy-entrance.cfg")
    return found


def _etcd_protocol() -> str:
    """Which of etcd's protocols Patroni is to speak: the third one where it does so without losing anything."""
    said = subprocess.run([program("patroni"), "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:3]))
    return "etcd3" if version >= ETCD3_IS_SAFE else "etcd"


def _etcd(layout: Layout, node: str) -> Daemon:
    client, peer = (f"http://{HOSTS[node]}:{port}" for port in (layout.ports.etcd, layout.ports.etcd_peer))
    members = ",".join(f"{name}=http://{host}:{layout.ports.etcd_peer}" for name, host in HOSTS.items())
    options = {
        "name": node,
        "data-dir": "data",
        "log-level": "warn",
        "enable-v2": "true",
        "heartbeat-interval": "200",  # milliseconds; three members share one disk here
        "election-timeout": "2000",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": members,
    }
    return Daemon([program("etcd"), *(f"--{name}={value}" for name, value in options.items())], of_database=True)


def _patroni(layout: Layout, node: str, protocol: str) -> Daemon:
    folder = layout.folder / node
    text = _filled(
        layout,
        "patroni.yml",
        node=node,
        host=HOSTS[node],
        network=NETWORK,
        etcd_protocol=protocol,
        etcd_hosts=",".join(f"{host}:{layout.ports.etcd}" for host in HOSTS.values()),
        data_dir=layout.data(node),
        bin_dir=Path(program("pg_controldata")).parent,
        socket_dir=folder / "patroni",
        pgpass=folder / "patroni" / "pgpass",
    )
    return Daemon([program("patroni"), "patroni.yml"], {"patroni.yml": text}, of_database=True)


def _pgbouncer(layout: Layout, node: str) -> Daemon:
    users = "".join(f'"{user}" "{layout.password}"\n' for user in (OWNER, SERVICE))
    users_file = layout.folder / node / "pgbouncer" / "users.txt"
    files = {
        "users.txt": users,
        "pgbouncer.ini": _filled(layout, "pgbouncer.ini", host=HOSTS[node], users_file=users_file),
    }
    return Daemon([program("pgbouncer"), "pgbouncer.ini"], files, of_database=True)


def _haproxy(layout: Layout, name: str) -> Daemon:
    servers = {
        "database": [f"{node} {host}:{layout.ports.pgbouncer}" for node, host in HOSTS.items()],
        "service": [f"{service} {PROXY_HOST}:{getattr(layout.ports, service)}" for service in SERVICES],
    }
    lines = {f"{of}_servers": "\n".join(f"    server {each} check" for each in those) for of, those in servers.items()}
    text = _filled(layout, name, proxy_host=PROXY_HOST, **lines)
    return Daemon([program("haproxy"), "-db", "-f", name], {name: text})


def service(layout: Layout, name: str, settings: Mapping[str, str], source: Path) -> Daemon:
    """A service with its workers, its code from the tree at `source`."""
    port = getattr(layout.ports, name)
    given = {
        "DATABASE_URL": layout.url(layout.ports.write, SERVICE),
        "DATABASE_READ_URL": layout.url(layout.ports.read, SERVICE),
        "SIGNALS_READERS": "open",
        "SIGNALS_SEALING_KEYS": layout.sealing_key,
        "SIGNALS_SHUTDOWN_DELAY_SECONDS": str(SHUTDOWN_DELAY_SECONDS),
        "SIGNALS_TRUSTED_PROXIES": PROXY_HOST,
        "TMPDIR": str(layout.folder / name),
        **settings,
    }
    command = [sys.executable, "-m", "service", "serve", "--port", str(port), "--workers", str(WORKERS)]
    return Daemon(command, environment={**unmeasured(service_environment(given)), "PYTHONPATH": str(source)})


def _filled(layout: Layout, name: str, **words: object) -> str:
    ports = {f"{kind}_port": getattr(layout.ports, kind) for kind in layout.ports.__dataclass_fields__}
    template = Template((TEMPLATES / name).read_text(encoding="utf-8"))
    return template.substitute(ports, password=layout.password, **words)


def plain_environment(folder: Path) -> dict[str, str]:
    """What Debian's programs need, and nothing of the environment of the tests."""
    return {"PATH": os.pathsep.join(["/usr/sbin", "/usr/bin", "/sbin", "/bin"]), "LANG": "C.UTF-8", "HOME": str(folder)}
