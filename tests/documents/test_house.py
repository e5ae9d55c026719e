"""The house stays one in which a newcomer finds his way: rooms are told, modules are told, and none grows too large.

Which room may import which is held by import-linter in `make check`.
"""

import ast
import re
from pathlib import Path
from statistics import median

import pytest

from tests.running.environment import ROOT

SERVICE = ROOT / "service"
ROOMS = sorted(path.parent for path in SERVICE.glob("*/__init__.py"))
MODULES = sorted(path for path in SERVICE.rglob("*.py") if path.name != "__init__.py" and path.parent.name != "models")

ROOM_LINES = 900
MODULE_LINES = 250
MEDIAN_LINES = 100
LARGER_ROOMS = {"client", "cli"}


def lines(path: Path) -> int:
    """How long a module is."""
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_architecture_tells_every_room_and_no_other() -> None:
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## The path")[0]
    told = {name.strip("/") for name in re.findall(r"^\| `([\w/]+)` \|", table, re.MULTILINE)}
    modules = {path.stem for path in SERVICE.glob("*.py")} - {"__init__", "__main__"}
    assert told == {room.name for room in ROOMS} | modules


@pytest.mark.parametrize("room", [room for room in ROOMS if room.name not in LARGER_ROOMS], ids=lambda room: room.name)
def test_a_room_says_what_each_of_its_modules_is_for(room: Path) -> None:
    purpose = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    told = re.findall(r"`(\w+)/?`", " ".join(line.partition(":")[0] for line in purpose.splitlines()))
    there = {path.stem for path in room.iterdir() if path.suffix == ".py" or (path / "models").is_dir()} - {"__init__"}
    assert sorted(told) == sorted(there)


@pytest.mark.parametrize("room", [room for room in ROOMS if room.name not in LARGER_ROOMS], ids=lambda room: room.name)
def test_a_room_is_read_in_a_quarter_of_an_hour(room: Path) -> None:
    assert sum(lines(path) for path in MODULES if path.parent == room) <= ROOM_LINES


def test_modules_are_small() -> None:
    sizes = {path.relative_to(SERVICE): lines(path) for path in MODULES}
    assert {path: size for path, size in sizes.items() if size > MODULE_LINES} == {}
    assert median(sizes.values()) < MEDIAN_LINES
