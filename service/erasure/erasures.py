"""Who was forgotten stays forgotten in what is put back."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

import asyncpg

_LIST = "SELECT sha256, at FROM erasures"

_EDGE = re.compile(r"(?<!\w)|(?!\w)")
"""Where a name may begin or end that stands in a text as a word of its own."""


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
            for begin, end in combinations([edge.start() for edge in _EDGE.finditer(word)], 2):
                if self._is_forgotten(word[begin:end], at):
                    yield word[begin:end]

    def _is_forgotten(self, name: str | None, at: str) -> bool:
        until = None if name is None else self._forgotten.get(sha256_of(name))
        return until is not None and datetime.fromisoformat(at) <= until


def _text(row: Mapping[str, Any]) -> str:
    """As PostgreSQL writes it."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
