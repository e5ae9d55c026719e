"""The files of the board: whole, kept for as long as they are good, and nothing else is run or loaded.

Seen red, one by one: the page with a script from another host, with an inline style, and with the name of a file that
there is not; `unsafe-inline` in the policy; addresses that depend on the names and sizes of the files, and not on what
is in them; and a file that is answered under the address of another version.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from service.board import pages
from service.board.pages import BoardPages
from tests.running.application import serving
from tests.running.postgres import Database

pytestmark = pytest.mark.anyio

STATIC = Path(pages.__file__).with_name("static")
OWN = sorted(path for path in STATIC.iterdir() if path.is_file())
VERSION = BoardPages().version
UNKNOWN = [f"/board/{VERSION}/none.js", "/board/0123456789abcdef/board.js", f"/board/{VERSION}/board.html", "/board/"]


@pytest.fixture
async def client(shared_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has shown no token."""
    async with serving(shared_database.url) as client:
        yield client


def names() -> list[str]:
    """The files that are loaded: by the page, and by its scripts."""
    texts = "".join(path.read_text() for path in OWN)
    return sorted({*re.findall(r"\$files/([\w.]+)", texts), *re.findall(r'from "\./([\w.]+)"', texts)})


async def test_the_page_and_all_that_it_loads_is_there(client: httpx.AsyncClient) -> None:
    page = await client.get("/board")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert set(re.findall(r'(?:src|href)="(/board/[^"]*)"', page.text)) <= {
        f"/board/{VERSION}/{name}" for name in names()
    }
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    for name in names():
        file = await client.get(f"/board/{VERSION}/{name}")
        assert (file.status_code, file.headers["Content-Type"]) == (200, kinds[Path(name).suffix])


def test_no_file_is_carried_along_that_nothing_loads() -> None:
    assert {path.name for path in STATIC.rglob("*.*")} == {*names(), "board.html"}


async def test_a_file_is_kept_for_good_and_the_page_is_asked_for_each_time(client: httpx.AsyncClient) -> None:
    page, file = await client.get("/board"), await client.get(f"/board/{VERSION}/board.js")
    assert page.headers["Cache-Control"] == "no-cache"
    assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_other_contents_have_another_address() -> None:
    contents = {"board.js": b"one", "board.css": b"two"}
    others = [{**contents, "board.js": b"eno"}, {"board.js": b"onet", "board.css": b"wo"}, {"board.js": b"one"}]
    digests = {pages.digest(each) for each in [contents, *others]}
    assert len(digests) == 4


@pytest.mark.parametrize("path", UNKNOWN)
async def test_there_is_nothing_else(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json()["code"] == "not_found"


@pytest.mark.parametrize("name", ["", f"/{VERSION}/board.js", f"/{VERSION}/icon.svg"])
async def test_the_browser_is_told_to_hold_the_page_to_its_own_files(client: httpx.AsyncClient, name: str) -> None:
    headers = (await client.get(f"/board{name}")).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert {policy.pop(name) for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert {policy.pop(name) for name in ("base-uri", "form-action", "frame-ancestors", "trusted-types")} == {"'none'"}
    assert policy == {"require-trusted-types-for": "'script'"}
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_file_needs_no_exception_from_the_policy(path: Path) -> None:
    text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//\w", re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert path.suffix != ".html" or not re.search(r"<style|<script(?! (?:src|type)=)|\s(?:style|on\w+)=", text)


def test_the_plot_library_comes_with_its_license() -> None:
    assert "MIT License" in (STATIC / "uPlot" / "LICENSE").read_text()
