"""`make cluster` and `make cluster-down`: one cluster of this machine, to be tried out by hand.

python -m tests.cluster up [--port 8000]
python -m tests.cluster status
python -m tests.cluster down
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import processes
from tests.cluster.cluster import Cluster
from tests.cluster.configuration import OWNER, SERVICE
from tests.cluster.layout import HOSTS, PROXY_HOST, SERVICES, Layout
from tests.cluster.patroni import Patroni
from tests.programs import program

FOLDER = Path(tempfile.gettempdir()) / "signals-cluster"
"""The nodes run as another user where this one is root, who must not be able to look into its clone."""

PROGRAMS = ("etcd", "haproxy", "patroni", "pg_controldata", "pgbouncer")

PASSED_ON = ("APP_", "HMAC_", "OTEL_", "SENTRY_", "SIGNALS_")
"""Settings of the service that are taken from the environment."""


async def up(port: int) -> None:
    """Start a cluster and say where it is; leave nothing when that fails."""
    for name in PROGRAMS:
        try:
            program(name)
        except pytest.skip.Exception as missing:
            sys.exit(f"signals: {missing}; docs/cluster.md says what to install.")
    if FOLDER.exists():
        sys.exit(f"There is a cluster already, in {FOLDER}: `make cluster-down` removes it.")
    FOLDER.mkdir(mode=0o755)
    try:
        layout = Layout.new(FOLDER, port)
    except OSError:
        FOLDER.rmdir()
        sys.exit(f"Port {port} is taken: choose another one, `make cluster PORT=8001`.")
    cluster = _cluster(layout)
    try:
        await cluster.begin()
    except BaseException:
        await cluster.end()
        raise
    _tell(layout)


def _tell(layout: Layout) -> None:
    ports = layout.ports
    print(f"signals       {layout.entrance}")
    for name in SERVICES:
        print(f"{name}      http://{PROXY_HOST}:{getattr(ports, name)}")
    print(f"the leader    {layout.url(ports.write, SERVICE)}")
    print(f"the standbys  {layout.url(ports.read, SERVICE)}")
    print(f"the owner     {layout.url(ports.write, OWNER)}")
    print(f"sealing key   {layout.sealing_key}")
    own = f"PostgreSQL {ports.postgresql}, PgBouncer {ports.pgbouncer}, Patroni {ports.patroni}, etcd {ports.etcd}"
    for node, host in HOSTS.items():
        print(f"{node}         {host}: {own}")
    print(f"patronictl    patronictl -c {layout.folder}/node1/patroni/patroni.yml list")
    print(f"logs          {layout.folder}/*/log and {layout.folder}/*/*/log")


async def status() -> None:
    """Say who leads and who follows."""
    for each in await Patroni(Layout.read(FOLDER)).members():
        print(f"{each['name']}  {each['role']:12}  {each['state']:10}  timeline {each.get('timeline', '-')}")


async def hurt(verb: str, place: str) -> None:
    """Do to a machine, or to a program, what tests do to it."""
    cluster = _cluster(Layout.read(FOLDER))
    if verb == "kill":
        await cluster.kill(place)
    elif verb == "freeze":
        cluster.freeze(place)
    elif verb == "thaw":
        cluster.thaw(place)
    else:
        cluster.start_all(place)


async def down() -> None:
    """Leave nothing, whatever state the cluster is in."""
    if not FOLDER.exists():
        sys.exit("There is no cluster.")
    await _cluster(Layout.read(FOLDER)).end()
    assert not processes.running_in(FOLDER)


def _cluster(layout: Layout) -> Cluster:
    return Cluster(layout, {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)})


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description="One cluster, to be tried out.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("up").add_argument("--port", type=int, default=8000)
    verbs.add_parser("status")
    verbs.add_parser("down")
    for verb in ("kill", "freeze", "thaw", "start"):
        verbs.add_parser(verb).add_argument("place")
    given = parser.parse_args()
    asyncio.run(_done(given))


def _done(given: argparse.Namespace) -> Coroutine[Any, Any, None]:
    if given.verb == "up":
        return up(given.port)
    if given.verb == "status":
        return status()
    return down() if given.verb == "down" else hurt(given.verb, given.place)


if __name__ == "__main__":
    main()
