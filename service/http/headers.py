"""The headers of a request, as they arrived. The client reads a form from here, so nothing of the server is loaded."""

from collections.abc import Mapping
from typing import Any

REQUEST_ID_FORM = "[A-Za-z0-9._-]{1,128}"


def values(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    """The values of the header `name` (in lower case), in the order in which they were sent."""
    return [value for key, value in scope["headers"] if key == name]
