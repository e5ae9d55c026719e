"""Documents and code tell the same story: what the one gains, the other names."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.routing import Route, Router

from service.app import create_app
from service.http.request_context import RequestContext
from service.settings import Settings
from tests.running.environment import ROOT
from tests.specification.names import codes, metric_names, settings


def text(path: str) -> str:
    """A document of the repository."""
    return (ROOT / path).read_text(encoding="utf-8")


def routes() -> Iterator[str]:
    """The paths that the application answers."""
    app = create_app(Settings(_env_file=None, database_url=SecretStr("postgresql://nowhere/none")))
    assert isinstance(app, RequestContext)
    assert isinstance(app.app, Router)
    yield from (route.path for route in app.app.routes if isinstance(route, Route))


def tracked_files() -> list[Path]:
    """What belongs to the repository, or would with the next commit."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path for path in (ROOT / name for name in names if name) if path.is_file()]


@pytest.mark.parametrize("name", settings())
def test_every_setting_is_told(name: str) -> None:
    assert re.search(rf"^{name}=", text(".env.example"), re.MULTILINE), ".env.example"
    assert f"`{name}`" in text("docs/operations.md"), "docs/operations.md"


def test_the_example_names_no_other_setting_and_holds_the_defaults() -> None:
    assert sorted(re.findall(r"^(\w+)=", text(".env.example"), re.MULTILINE)) == settings()
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_every_code_has_its_cause_and_cure_and_no_other_has() -> None:
    headings = re.findall(r"^### `(\w+)`$", text("docs/protocol.md"), re.MULTILINE)
    assert sorted(headings) == sorted(codes())


@pytest.mark.parametrize("name", sorted({*routes(), *metric_names()}))
def test_every_route_and_metric_is_told(name: str) -> None:
    assert name in text("docs/operations.md") + text("docs/protocol.md") + text("docs/reading.md")


PROOFS = sorted(set(re.findall(r"`((?:features|tests)/[\w/]+\.\w+(?:::\w+)?)`", text("docs/hostile.md"))))


@pytest.mark.parametrize("proof", PROOFS)
def test_every_test_that_is_named_as_a_proof_exists(proof: str) -> None:
    path, _, name = proof.partition("::")
    assert f"def {name}(" in text(path) if name else (ROOT / path).is_file()


def test_the_package_ships_every_file_that_it_needs() -> None:
    """An installed program has no clone of the repository beside it."""
    shipped = tomllib.loads(text("pyproject.toml"))["tool"]["setuptools"]["package-data"]
    globs = [f"{package.replace('.', '/')}/{pattern}" for package, patterns in shipped.items() for pattern in patterns]
    files = {path.relative_to(ROOT) for path in tracked_files()}
    data = {path for path in files if path.parts[0] == "service" and path.suffix != ".py"}
    assert {path for path in data if not any(path.match(pattern) for pattern in globs)} == set()


def test_nothing_in_the_tree_depends_on_one_machine() -> None:
    """Written in pieces, so that this file does not find itself."""
    places = [("/", "root/"), ("/", "home/"), ("/", "work/"), ("pypi", ".org"), ("python", "hosted."), ("npm", "js.")]
    pattern = re.compile("|".join(re.escape("".join(pieces)) for pieces in places).encode())
    found = {path.relative_to(ROOT): pattern.search(path.read_bytes()) for path in tracked_files()}
    assert {path: match[0].decode() for path, match in found.items() if match} == {}
