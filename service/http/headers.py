"""The headers of a request, as they arrived."""

from starlette.types import Scope

REQUEST_ID_FORM = "[A-Za-z0-9._-]{1,128}"


def values(scope: Scope, name: bytes) -> list[bytes]:
    """The values of the header `name` (in lower case), in the order in which they were sent."""
    return [value for key, value in scope["headers"] if key == name]
