"""On which version of the state a decision depends: RFC 9110 section 13.1.1, If-Match."""

import re
from collections.abc import Sequence

_TAG = re.compile(rb'(W/)?"([^"]*)"')
_TAGS = re.compile(rb'[ \t,]*(?:(?:W/)?"[^"]*"[ \t]*(?:,[ \t,]*|\Z))*')


def tag(state_version: int) -> str:
    """The entity tag of a state."""
    return f'"{state_version}"'


def holds(given: Sequence[bytes], state_version: int) -> bool:
    """Whether a state may be changed on the condition of these If-Match headers; without any it may.

    `*` stands for whatever there is. A weak tag matches nothing, as section 8.8.3.2 has it, and nor does what is no
    list of tags.
    """
    if not given:
        return True
    condition = b",".join(given).strip(b" \t")
    if condition == b"*":
        return True
    if _TAGS.fullmatch(condition) is None:
        return False
    return any(not weak and opaque == b"%d" % state_version for weak, opaque in _TAG.findall(condition))
