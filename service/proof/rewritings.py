"""A body as it may have been when it was signed: laid out by another JSON library, or in another encoding. Pure."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import orjson

_LONGEST = 8192
"""Longer forms are left out: what is nested deeply grows with the square of its depth when it is indented."""


def as_json(body: bytes) -> dict[bytes, str]:
    """The same JSON as common libraries write it, and what tells each form from the others.

    This is the one place that reads JSON which nobody has signed: a little of it, with a parser that limits depth;
    whatever it cannot read or write has no forms.
    """
    try:
        forms = list(_laid_out(orjson.loads(body)))
    except (ValueError, TypeError, RecursionError):
        return {}
    compact = forms[0][0]
    if not compact.isascii():
        escapes = {ord(letter): json.dumps(letter)[1:-1] for letter in set(compact) if not letter.isascii()}
        forms += [(text.translate(escapes), f"{name}, letters beyond ASCII escaped") for text, name in forms]
    if "/" in compact:
        forms += [(text.replace("/", "\\/"), f"{name}, slashes escaped") for text, name in forms]
    # Of equal forms the first one, which has the shorter name, is put in last.
    return {text.encode(): name for text, name in reversed(forms) if len(text) <= _LONGEST}


def _laid_out(value: Any) -> Iterator[tuple[str, str]]:
    for sort, order in (False, ""), (True, ", keys sorted"):
        compact = json.dumps(value, ensure_ascii=False, sort_keys=sort, separators=(",", ":"))
        yield compact, f"without spaces{order}"
        spaced = json.dumps(value, ensure_ascii=False, sort_keys=sort)
        yield spaced, f"with spaces after commas and colons{order}"
    # Line breaks inside of texts are escaped, so those that are seen belong to the layout.
    by_two = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    if len(by_two) > _LONGEST:
        return
    by_four = re.sub("(?m)^ +", lambda indent: 2 * indent[0], by_two)
    for lines, name in (by_two, "indented by two spaces"), (by_four, "indented by four spaces"):
        yield lines, name
        yield lines.replace("\n", "\r\n"), f"{name}, lines ended by CR LF"


def as_text(body: bytes) -> Iterator[tuple[bytes, str]]:
    """The same text in other encodings, and with or without a byte order mark."""
    yield BOM_UTF8 + body, "with a byte order mark before it"
    yield body.removeprefix(BOM_UTF8), "without the byte order mark before it"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        yield body.decode("latin-1").encode("utf-8"), "in UTF-8, where it was sent in Latin-1"
        return
    yield text.encode("utf-16-le"), "in UTF-16"
    yield text.encode("utf-16-be"), "in UTF-16"
    # Windows calls its own code page so too; beyond these 256 letters most programs write a question mark.
    yield text.encode("cp1252", "replace"), "in Latin-1"
    yield text.encode("ascii", "replace"), "in ASCII"
