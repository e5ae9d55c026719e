"""Packets that are swallowed, in both directions, as by a switch that has died: no end is told anything."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.layout import Layout
from tests.programs import program


def _table(layout: Layout) -> str:
    return f"signals_{layout.ports.write}"


@contextmanager
def swallowing(layout: Layout, *ports: int) -> Iterator[None]:
    """No packet from or to these ports of this machine arrives. Skips the test where that cannot be had."""
    name, those = _table(layout), ", ".join(map(str, ports))
    rules = f"""
    table inet {name} {{
        chain input {{
            type filter hook input priority 0;
            tcp dport {{ {those} }} drop
            tcp sport {{ {those} }} drop
        }}
    }}
    """
    made = subprocess.run([program("nft"), "-f", "-"], input=rules, text=True, capture_output=True, check=False)
    if made.returncode:
        pytest.skip("packets cannot be swallowed here: nft needs root and a kernel that filters")
    try:
        yield
    finally:
        clear(layout)


def clear(layout: Layout) -> None:
    """Let all packets pass again, also those that a test has left swallowed that was killed."""
    subprocess.run(["nft", "delete", "table", "inet", _table(layout)], capture_output=True, check=False)
