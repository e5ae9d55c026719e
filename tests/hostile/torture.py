# ruff: noqa: RUF001
"""JSON that parsers get wrong, in the classes of JSONTestSuite: numbers, strings, structure, encodings, nesting,
duplicates. Each specimen knows what it is, so that the reference can be tested too."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

INVALID, DUPLICATE, UNSTORABLE = "invalid_json", "duplicate_key", "validation_failed"


@dataclass(frozen=True)
class Specimen:
    """The text of a JSON value, and the code with which a signal is refused that has it in its payload, if it is."""

    text: bytes
    code: str | None


def _digits(draw: random.Random, most: int = 40) -> str:
    return "".join(draw.choices("0123456789", k=draw.randint(1, most)))


def _number(draw: random.Random) -> str:
    """Within the range of a double, whatever its form."""
    whole = draw.choice(["0", draw.choice("123456789") + _digits(draw)])
    fraction = draw.choice(["", "." + _digits(draw), "." + "0" * draw.randint(1, 20) + _digits(draw)])
    exponent = draw.choice(
        ["", "", f"{draw.choice('eE')}{draw.choice(['', '+', '-'])}{draw.choice([0, 1, 7, 22, 200])}"]
    )
    return draw.choice(["", "-"]) + whole + fraction + exponent


_NOT_NUMBERS = (
    "+{0}", "--{0}", "- {0}", "0{0}", "-0{0}", "{0}.", ".{0}", "{0}e", "{0}E+", "{0}e-", "{0}e1.5", "{0}.e1",
    "{0}_000", "{0}f", "{0} 1", "0x{0}", "{0}-1", "{0}/1", "１{0}", "{0}１", "-", "0x1F", "0b1", "0o7", "NaN", "-NaN",
    "nan", "Infinity", "-Infinity", "inf", "1e", "1.e1", "00", "-01", "0.1.2", "1e1e1", "∞", "½", "{0}\u0660",
)  # fmt: skip

_OUT_OF_RANGE = (
    "1e309", "-1e309", "1e400", "-1E+400", "1e131071", "1e-131071", "1e-400", "-1e-99999", "1e999999999999999999999",
    "1e-999999999999999999999", "0e131072", "0e-16384", "1e{0}00000", "1" + "0" * 310, "9" * 4300, "9" * 4301,
    "-" + "9" * 5000, "9" * 5000 + ".5", "9" * 5000 + "e5", "0." + "0" * 400 + "1", "0." + "1" * 16_384,
    "1e" + "9" * 5000,
)  # fmt: skip

_IN_RANGE = (
    "-0", "-0.0", "0e0", "-0e-0", "0E+131071", "0e-16383", "1E2", "1.10", "1950.50", "0.1234567890123456789012345",
    "123456789012345678901234567890", "1.7976931348623157e308", "5e-324", "4.9e-324", "9" * 308, "0." + "0" * 300,
    "0." + "1" * 16_383, "9007199254740993", "-9223372036854775809", "18446744073709551616", "1e-300",
    "0.30000000000000004",
)  # fmt: skip


def numbers(draw: random.Random) -> Specimen:
    """In range, out of range, and what looks like one."""
    kind = draw.random()
    if kind < 0.4:
        return Specimen(draw.choice([_number(draw), draw.choice(_IN_RANGE)]).encode(), None)
    if kind < 0.6:
        exponent = str(draw.randint(1, 99))
        return Specimen(draw.choice(_OUT_OF_RANGE).format(exponent).encode(), UNSTORABLE)
    return Specimen(draw.choice(_NOT_NUMBERS).format(draw.choice("123456789") + _digits(draw)).encode(), INVALID)


_RANGES = (
    (0x20, 0x7E), (0x80, 0x2FF), (0x300, 0x36F), (0x590, 0x6FF), (0x2000, 0x206F), (0x4E00, 0x9FFF), (0xE000, 0xF8FF),
    (0xFFF0, 0xFFFF), (0x1F300, 0x1FAFF), (0xE0000, 0xE007F), (0x10FFF0, 0x10FFFF),
)  # fmt: skip


def _letter(draw: random.Random) -> str:
    letter = chr(draw.randint(*draw.choice(_RANGES)))
    form = draw.random()
    if form < 0.3 or letter in '"\\':
        return json.dumps(letter)[1:-1]
    if form < 0.4:
        return draw.choice(["\\n", "\\t", "\\b", "\\f", "\\r", "\\/", "\\\\", '\\"', "\\\\u0000", "\\u0001", "\\u001F"])
    return letter


def _letters(draw: random.Random) -> str:
    return "".join(_letter(draw) for _ in range(draw.randint(0, 30)))


_NOT_LETTERS = (
    rb"\ud800", rb"\udfff", rb"\ude00\ud83d", rb"\ud83d\u0041", rb"\ud83dx", rb"\ud83d\ud83d", rb"\uD8g", rb"\u12 ",
    rb"\u.", rb"\uZZZZ", rb"\u 041", rb"\u+041", rb"\U0001F600", rb"\x41", rb"\0", rb"\a", rb"\'", rb"\v",
    b"\\\xc3\xa9", b"\n", b"\t", b"\r", b"\x00", b"\x1f", b"\x80", b"\xff", b"\xfe", b"\xc0\xaf", b"\xc1\x81",
    b"\xe0\x80\x80", b"\xf0\x80\x80\x80", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80", b"\xe6\xb5", b"\xf0\x9f\x9a", b"\xe9",
)  # fmt: skip


def strings(draw: random.Random) -> Specimen:
    """Of any letters, of letters that `jsonb` does not take, and what is none. As a value or as a key."""
    before, behind = _letters(draw).encode(), _letters(draw).encode()
    kind = draw.random()
    code = None if kind < 0.4 else UNSTORABLE if kind < 0.55 else INVALID
    spoilt = {None: b"", UNSTORABLE: rb"\u0000", INVALID: draw.choice(_NOT_LETTERS)}[code]
    text = b'"' + before + spoilt + behind + b'"'
    if kind > 0.95:
        text = text[:-1]
    return Specimen(draw.choice([text, b"{" + text + b":1}", b"[" + text + b"]"]), code)


def value(draw: random.Random, levels: int = 3) -> Any:
    """An ordinary value, made of what `json.dumps` writes."""
    kind = draw.randint(0, 7 if levels else 4)
    if kind > 5:
        return {_name(draw): value(draw, levels - 1) for _ in range(draw.randint(0, 4))}
    if kind == 5:
        return [value(draw, levels - 1) for _ in range(draw.randint(0, 4))]
    return draw.choice([None, True, False, draw.randint(-(10**20), 10**20), draw.uniform(-1e6, 1e6), _name(draw)])


def _name(draw: random.Random) -> str:
    return "".join(draw.choices('abc 测試é🚀\u200b"\\/', k=draw.randint(0, 6)))


_NOT_STRUCTURE = (
    "[{0},]", "[,{0}]", "[{0},,{0}]", "[{0} {0}]", "[{0}", "{0}]", "[{0}}}", "[{0}]]", "{{{0}}}", '{{"a" {0}}}',
    '{{"a":{0},}}', '{{"a":{0}', '{{"a"::{0}}}', '{{"a":}}', "{{:{0}}}", "{{a:{0}}}", "{{'a':{0}}}",
    '{{"a":{0},,"b":1}}', '{{"a":{0};"b":1}}', '{{"a"=>{0}}}', "{{1:{0}}}", "{{null:{0}}}", '{{"a":{0}]', "[{0}//\n]",
    "[{0}/**/]", "#\n{0}", "<!--{0}-->", "({0})", "[{0}]x", "{0}\x00", "{0}\x1a", "\x0c{0}", "\xa0{0}", "\u2028{0}",
    "\ufeff{0}", "[{0}...]", "[*{0}]", "True", "FALSE", "nul", "nulll", "undefined", "None", "'a'", "`a`", "", " ",
    "@", "\\", "\\n", "&quot;", "[1:{0}]", "<a>{0}</a>",
)  # fmt: skip


def structure(draw: random.Random) -> Specimen:
    """Ordinary values in any spacing, the same ones cut off, and the grammar broken in one place."""
    spacing = (draw.choice([",", ", ", " ,\n"]), draw.choice([":", ": ", "\t:\r\n"]))
    text = json.dumps(value(draw), ensure_ascii=draw.random() < 0.5, separators=spacing, indent=draw.choice([None, 1]))
    kind = draw.random()
    if kind < 0.35:
        return Specimen(draw.choice(["", " ", "\r\n\t"]).encode() + text.encode(), None)
    if kind < 0.5:
        whole = f'{{"a":[{text}]}}'.encode()
        return Specimen(whole[: draw.randrange(len(whole))].rstrip() or b"[", INVALID)
    return Specimen(draw.choice(_NOT_STRUCTURE).format(text).encode(), INVALID)


_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-8-sig", "latin-1", "cp037")


def encodings(draw: random.Random) -> Specimen:
    """The same text in UTF-8 and in encodings that are not JSON."""
    text = '{"é":["' + draw.choice(["ÿ", "é", "Ã©", "a"]) + '"]}'
    kind = draw.random()
    if kind < 0.2:
        return Specimen(text.encode(), None)
    if kind < 0.3:
        return Specimen(b"+AHsAfQ-", INVALID)
    return Specimen(text.encode(draw.choice(_ENCODINGS)), INVALID)


def nesting(draw: random.Random) -> Specimen:
    """Within what is always read, and beyond what can be."""
    allowed = draw.random() < 0.5
    levels = draw.randint(1, 120) if allowed else draw.randint(1000, 10_000)
    pairs = [draw.choice([("[", "]"), ('{"a":', "}"), ("[1,", "]"), ('{"":', ',"b":[]}')])] * levels
    if draw.random() < 0.3:
        pairs = [draw.choice([("[", "]"), ('{"a":', "}")]) for _ in range(levels)]
    closed = "" if not allowed and draw.random() < 0.3 else "".join(closing for _, closing in reversed(pairs))
    return Specimen(("".join(opening for opening, _ in pairs) + "0" + closed).encode(), None if allowed else INVALID)


_TWICE = (
    '{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"é":1,"\\u00e9":2}',
    '{"🚀":1,"\\ud83d\\ude80":2}', '{"a":{},"a":[]}', '{"\\/":1,"/":2}', '{"__proto__":1,"__proto__":2}',
)  # fmt: skip
_ONCE = (
    '{"a":1,"A":2}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"é":1,"e\u0301":2}', '{"a":1,"a ":2}', '{"a":"a"}',
    '{"a\\\\u0061":1,"aa":2}', '{"ａ":1,"a":2}',
)  # fmt: skip


def duplicates(draw: random.Random) -> Specimen:
    """A key twice in one object, at any depth and in any spelling; and the same key in two objects."""
    twice = draw.random() < 0.6
    text = draw.choice(_TWICE if twice else _ONCE)
    for _ in range(draw.randint(0, 20)):
        text = draw.choice(["[0,%s]", '{"a":%s}', '{"a":0,"b":%s}']) % text
    return Specimen(text.encode(), DUPLICATE if twice else None)


CLASSES: tuple[Callable[[random.Random], Specimen], ...] = (
    numbers,
    strings,
    structure,
    encodings,
    nesting,
    duplicates,
)
