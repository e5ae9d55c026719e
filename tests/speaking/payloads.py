"""Payloads of an exact size or shape, as JSON text."""

import json
from typing import Any

_EMPTY = len('{"note":""}')


def payload_of(size: int, script: str = "plain text") -> str:
    """A payload that takes `size` bytes as compact UTF-8, written in one of several ways."""
    room = size - _EMPTY
    match script:
        case "plain text":
            return _note("a" * room)
        case "Chinese text":
            return _note("测" * (room // 3) + "a" * (room % 3))
        case "emoji":
            return _note("🚀" * (room // 4) + "a" * (room % 4))
        case "escaped text":
            return _note("\\u0061" * room)
        case "spaced text":
            return _note("a" * room).replace(":", ":" + " " * 32768)
        case _:
            raise ValueError(script)


def _note(text: str) -> str:
    return f'{{"note":"{text}"}}'


def nested(levels: int) -> str:
    """A payload in which objects lie in objects, `levels` of them."""
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def exact(text: str) -> Any:
    """The value of a JSON text in which every number is kept as it was written, digit for digit."""
    return json.loads(text, parse_int=_number, parse_float=_number)


def _number(digits: str) -> tuple[str, str]:
    return "number", digits
