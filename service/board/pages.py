"""The board: a page, and the files that it loads.

The files lie under a path that changes with them, so that a browser may keep them for good and never mixes two
versions; the page itself is asked for each time. It runs and loads nothing but these files, talks to no other host, and
the browser is told to hold it to that.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from string import Template

from starlette.requests import Request
from starlette.responses import Response

from service.http.errors import NotFound

_STATIC = Path(__file__).with_name("static")

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_PROTECTION = {
    # Content Security Policy Level 3, and Trusted Types: no text ever becomes markup or script.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class BoardPages:
    """The endpoints of the page and of its files. All of them are read when the service starts."""

    def __init__(self) -> None:
        contents = {path.name: path.read_bytes() for path in sorted(_STATIC.rglob("*")) if path.suffix in _MEDIA_TYPES}
        self.version = digest(contents)
        self._files = {name: _file(name, content) for name, content in contents.items()}
        template = Template((_STATIC / "board.html").read_text("utf-8"))
        self.page = Response(
            template.substitute(files=f"/board/{self.version}"),
            headers={"Cache-Control": "no-cache", **_PROTECTION},
            media_type="text/html",
        )

    async def file(self, request: Request) -> Response:
        """One of the files, of this version and no other. Raises NotFound."""
        found = self._files.get(request.path_params["name"])
        if found is None or request.path_params["version"] != self.version:
            raise NotFound
        return found


def digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(b"%b %d %b" % (name.encode(), len(content), content))
    return digest.hexdigest()[:16]


def _file(name: str, content: bytes) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable", **_PROTECTION}
    return Response(content, headers=headers, media_type=_MEDIA_TYPES[Path(name).suffix])
