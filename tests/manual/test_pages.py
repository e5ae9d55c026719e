"""The pages that the service serves are whole, and load nothing from elsewhere."""

import re

import pytest

from service.kernel.errors import Refusal, all_refusals
from service.manual.pages import pages

PAGES = pages()
HTML = [path for path, page in PAGES.items() if page.media_type == "text/html"]


def text(path: str) -> str:
    """What is served at a path."""
    return bytes(PAGES[path].body).decode()


@pytest.mark.parametrize("refusal", list(all_refusals()), ids=lambda refusal: refusal.code)
def test_every_code_has_a_section_to_link_to(refusal: type[Refusal]) -> None:
    [section] = re.findall(rf'<section id="{refusal.code}">(.*?)</section>', text("/docs/errors"), re.DOTALL)
    assert f"<h3><code>{refusal.code}</code></h3>" in section
    assert f"<strong>Status:</strong> {refusal.status}" in section
    assert section.count("<pre>") == 2
    assert f'<a href="#{refusal.code}">' in text("/docs/errors")


@pytest.mark.parametrize("path", HTML)
def test_a_page_refers_to_nothing_but_what_is_served(path: str) -> None:
    ids = re.findall(r' id="([^"]+)"', text(path))
    for target in re.findall(r'(?:src|href)="([^"]*)"', text(path)):
        assert target == "data:," or target in PAGES or target.removeprefix("#") in ids


@pytest.mark.parametrize("path", HTML)
def test_a_page_needs_no_exception_from_its_policy(path: str) -> None:
    """Scripts and styles in the page itself are what `script-src 'self'` and `style-src 'self'` forbid."""
    assert not re.search(r"<style|<script(?! src=)|\s(?:style|on\w+)=", text(path))
    policy = PAGES[path].headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)


@pytest.mark.parametrize("path", PAGES.keys() - {"/openapi.json"})
def test_a_browser_takes_a_page_for_what_it_says_it_is(path: str) -> None:
    assert PAGES[path].headers["X-Content-Type-Options"] == "nosniff"


def test_the_reader_of_the_document_asks_no_other_host() -> None:
    assert not re.search("https?:", text("/docs/docs.js"))
    assert "validatorUrl: null" in text("/docs/docs.js")
    assert 'url: "/openapi.json"' in text("/docs/docs.js")


def test_what_is_served_says_what_it_is() -> None:
    assert {path: page.headers["Content-Type"] for path, page in PAGES.items()} == {
        "/openapi.json": "application/json",
        "/docs": "text/html; charset=utf-8",
        "/docs/errors": "text/html; charset=utf-8",
        "/docs/docs.js": "text/javascript; charset=utf-8",
        "/docs/docs.css": "text/css; charset=utf-8",
        "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "/docs/swagger-ui.css": "text/css; charset=utf-8",
    }
