"""The documentation that the service itself serves: the OpenAPI document, a page to read it, a page on every error.

Everything is made when the service starts and kept as bytes: an answer that never changes is its own endpoint. The
pages load nothing from another host and run no script but their own files, and the browser is told to hold them to it.
"""

from functools import cache
from pathlib import Path
from string import Template

from markdown_it import MarkdownIt
from starlette.responses import Response

from service.manual.explanations import explanations
from service.manual.openapi import document_text

_STATIC = Path(__file__).with_name("static")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content Security Policy Level 3. Swagger UI takes its icons from `data:` URLs in its style sheet."""


def pages() -> dict[str, Response]:
    """The answers to GET, by path."""
    return {
        "/openapi.json": Response(document_text(), media_type="application/json"),
        "/docs": _file("docs.html", "text/html"),
        "/docs/errors": _page(_errors(), "text/html"),
        "/docs/docs.js": _file("docs.js", "text/javascript"),
        "/docs/docs.css": _file("docs.css", "text/css"),
        "/docs/swagger-ui-bundle.js": _file("swagger-ui/swagger-ui-bundle.js", "text/javascript"),
        "/docs/swagger-ui.css": _file("swagger-ui/swagger-ui.css", "text/css"),
    }


def _file(name: str, media_type: str) -> Response:
    return _page((_STATIC / name).read_text("utf-8"), media_type)


def _page(content: str, media_type: str) -> Response:
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(content, headers=headers, media_type=media_type)


@cache
def _errors() -> str:
    render = MarkdownIt("commonmark", {"html": False}).render
    entries, sections = [], []
    for explanation in explanations().values():
        code = explanation.code
        entries.append(f'<li>{explanation.status} <a href="#{code}"><code>{code}</code></a></li>')
        sections.append(f'<section id="{code}">\n{render(explanation.markdown())}</section>')
    template = Template((_STATIC / "errors.html").read_text("utf-8"))
    return template.substitute(entries="\n".join(entries), sections="\n".join(sections))
