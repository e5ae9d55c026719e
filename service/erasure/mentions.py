"""Whom an archive may name, without its names."""

import json
from collections.abc import Iterable
from itertools import chain

from service.erasure.erasures import parts_of, sha256_of

_BITS = 1 << 23
"""A megabyte: where 800,000 words were said, one name in a hundred is taken for one of them."""

_PROBES = 7

_WORDS_MAX = 10_000
"""How many words are remembered, so that what is said again and again is looked at once."""


def bits_of(name: str) -> list[int]:
    """The bits that are set where a name may stand, as PostgreSQL numbers the bits of bytes."""
    sha256 = sha256_of(name)
    return [int.from_bytes(sha256[4 * probe : 4 * probe + 4]) % _BITS for probe in range(_PROBES)]


class Mentions:
    """Of what became of signals: who has decided, and all that could be a name in a reason. A Bloom filter, from which
    nothing can be read; but of any name it can be told that it is not there, or that it may be."""

    def __init__(self) -> None:
        self._bytes = bytearray(_BITS // 8)
        self._words: set[str] = set()

    def add(self, lines: Iterable[str]) -> None:
        """Take lines of transitions."""
        for line in lines:
            change = json.loads(line)
            self._hear({*(change["reason"] or "").split(), *(change["by"] or "").split()} - self._words)

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)

    def _hear(self, words: set[str]) -> None:
        for word in words:
            for bit in chain.from_iterable(map(bits_of, parts_of(word))):
                self._bytes[bit // 8] |= 1 << bit % 8
        if len(self._words) > _WORDS_MAX:
            self._words.clear()
        self._words |= words
