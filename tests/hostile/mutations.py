"""Bytes with something changed, as a broken producer, proxy or attacker would."""

import random

_TELLING = (
    b"\x00", b"\xff", b"\xc3", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"9", b"-", b"e", b".", b" ",
    b"\t", b"\n", b"\r", b"\xef\xbb\xbf", b"\\u0000", b"\\ud800", b"null", b"true", b"1e999", b"%00", b"=", b"+",
    b"/",
)  # fmt: skip


def mutated(data: bytes, draw: random.Random) -> bytes:
    """One to four changes."""
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        data = _change(data, draw)
    return data


def _change(data: bytes, draw: random.Random) -> bytes:
    start = draw.randint(0, len(data))
    end = min(len(data), start + draw.choice([1, 1, 2, 8, 50]))
    match draw.randint(0, 7):
        case 0 if start < len(data):
            return data[:start] + bytes([data[start] ^ 1 << draw.randint(0, 7)]) + data[start + 1 :]
        case 1:
            return data[:start] + data[end:]
        case 2:
            return data[:start] + data[start:end] * 2 + data[end:]
        case 3:
            return data[:start] + draw.choice(_TELLING) + data[start:]
        case 4:
            return data[:start] + draw.choice(_TELLING) + data[end:]
        case 5:
            return data[:start] + data[start:end][::-1] + data[end:]
        case 6:
            return data[:start] if draw.random() < 0.3 else data[:start] + draw.randbytes(end - start) + data[end:]
        case _:
            other = draw.randint(0, len(data))
            return data[:start] + data[other : other + 8] + data[start:]
