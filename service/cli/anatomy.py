"""The bytes that are signed, made visible: no two different bytes look the same. Pure."""

from collections.abc import Iterator

from service.proof.mistakes import Presented

CONTEXT_BYTES = 24

_SHOWN = 1000
_SHOWN_END = 200
"""Of a longer text the beginning and the end are shown; its characters are counted."""


def visible(data: bytes) -> str:
    """Text on one line: control characters as their pictures (U+2400 and up), what has no look as its code point, and
    bytes that are not UTF-8 in hex."""
    text = "".join(map(_visible, data.decode("utf-8", "surrogateescape")))
    if len(text) <= _SHOWN:
        return text
    return f"{text[: _SHOWN - _SHOWN_END]} ⟨{len(text) - _SHOWN} more⟩ {text[-_SHOWN_END:]}"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:
        return f"⟨{code - 0xDC00:02X}⟩"
    return character if character.isprintable() else f"⟨U+{code:04X}⟩"


def parts(request: Presented) -> Iterator[tuple[str, bytes]]:
    """What is signed, in order, and what each part is called."""
    yield "body", request.body
    yield "timestamp", request.timestamp
    yield "producer id", request.producer_id


def signed_bytes(request: Presented) -> bytes:
    """What the signature of a request is about."""
    return b"".join(data for _, data in parts(request))


def first_difference(request: Presented, others: bytes) -> str | None:
    """Where the bytes that somebody else signed for this request part from the right ones; None if they do not."""
    right = signed_bytes(request)
    if others == right:
        return None
    shorter = min(len(right), len(others))
    same = next((at for at in range(shorter) if right[at] != others[at]), shorter)
    here, there = (visible(data[same : same + CONTEXT_BYTES]) or "⟨the end⟩" for data in (right, others))
    return f"{same} bytes are the same; then, {_place(request, same)}, here {here} and there {there}"


def _place(request: Presented, position: int) -> str:
    for name, data in parts(request):
        if position < len(data):
            return f"at byte {position} of the {name}"
        position -= len(data)
    return "behind the producer id"
