"""Who was forgotten stays forgotten in what is put back."""

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg

_LIST = "SELECT sha256, at FROM erasures"

_BEGIN, _END = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)")
"""Where a name may begin, and where it may end, that stands in a text as a word of its own."""

_NAME_MAX = 64
"""How many characters a name has at most."""


def sha256_of(name: str) -> bytes:
    """By what a producer that was forgotten is known again."""
    return hashlib.sha256(name.encode()).digest()


def pattern_of(name: str) -> str:
    """A regular expression, for Python and for PostgreSQL, that finds the name as a word of its own."""
    return rf"(?<!\w){re.escape(name)}(?!\w)"


class Erasures:
    """The producers that were forgotten, each with the time until which that holds: what somebody has stored later
    under the same name is not meant."""

    def __init__(self, forgotten: Mapping[bytes, datetime]) -> None:
        self._forgotten = forgotten

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> "Erasures":
        """All that there are."""
        return cls({record["sha256"]: record["at"] for record in await connection.fetch(_LIST)})

    def signal(self, line: str) -> str:
        """A line of signals, without what was forgotten."""
        if not self._forgotten:
            return line
        signal = json.loads(line)
        if not self._is_forgotten(signal["producer_id"], signal["created_at"]):
            return line
        return _text({**signal, "producer_id": None, "payload": None, "key_id": None})

    def change(self, line: str) -> str:
        """A line of transitions, without what was forgotten."""
        if not self._forgotten:
            return line
        change = json.loads(line)
        kept = dict(change)
        for field in ("producer_id", "by"):
            if self._is_forgotten(change[field], change["at"]):
                kept[field] = None
        for name in self._names_in(change["reason"] or "", change["at"]):
            kept["reason"] = re.sub(pattern_of(name), "", kept["reason"] or "") or None
        return line if kept == change else _text(kept)

    def _names_in(self, text: str, at: str) -> Iterator[str]:
        """A name has no spaces in it; of those who were forgotten only the hashes are known, so that each word, and
        each part of it that could be a name, is looked up."""
        for word in text.split():
            yield from (part for part in _parts(word) if self._is_forgotten(part, at))

    def _is_forgotten(self, name: str | None, at: str) -> bool:
        until = None if name is None else self._forgotten.get(sha256_of(name))
        return until is not None and datetime.fromisoformat(at) <= until


def _parts(word: str) -> Iterator[str]:
    """What could be a name, the longer ones first: a name may be part of another."""
    begins, ends = ([edge.start() for edge in edges.finditer(word)] for edges in (_BEGIN, _END))
    for begin in begins:
        for end in reversed(ends[bisect_right(ends, begin) : bisect_right(ends, begin + _NAME_MAX)]):
            yield word[begin:end]


def _text(row: Mapping[str, Any]) -> str:
    """As PostgreSQL writes it."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
