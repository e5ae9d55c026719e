"""Who was forgotten stays forgotten in what is put back."""

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from typing import Any

import asyncpg

EVER = datetime.max.replace(tzinfo=UTC)
"""Until when a name is forgotten while it is erased: whatever is there is meant."""

_LIST = "SELECT sha256, at FROM erasures"

_KNOWN = """
WITH RECURSIVE senders AS (
    SELECT min(producer_id) AS name FROM signals
    UNION ALL SELECT (SELECT min(producer_id) FROM signals WHERE producer_id > name) FROM senders WHERE name IS NOT NULL
)
SELECT sha256(convert_to(name, 'UTF8')) AS sha256 FROM senders WHERE name IS NOT NULL
UNION SELECT sha256(convert_to(name, 'UTF8')) FROM producers
UNION SELECT unnest(producers) FROM archive_folders UNION SELECT sha256 FROM erasures
"""
"""All that are or were producers. An index has the names of those who have sent something, and is asked for one after
another."""

_WORD = re.compile(r"\S+")
"""No name has spaces in it."""

_BEGIN, _END = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)")
"""Where a name may begin, and where it may end, that stands in a text as a word of its own."""

_NAME_MAX = 64
"""How many characters a name has at most."""


def sha256_of(name: str) -> bytes:
    """By what a producer that was forgotten is known again."""
    return hashlib.sha256(name.encode()).digest()


class Erasures:
    """The producers that were forgotten, each with the time until which that holds: what somebody has stored later
    under the same name is not meant. Others are known: a name is not meant either where it is a part of theirs, so
    that it does not matter who is forgotten first, and of a name nothing stays that is none."""

    def __init__(self, forgotten: Mapping[bytes, datetime], known: Set[bytes]) -> None:
        self._forgotten = forgotten
        self._known = known

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> "Erasures":
        """All that there are."""
        forgotten = {record["sha256"]: record["at"] for record in await connection.fetch(_LIST)}
        return cls(forgotten, await _known(connection) if forgotten else set())

    @classmethod
    async def of(cls, connection: asyncpg.Connection, name: str) -> "Erasures":
        """That of one producer, while it is erased."""
        return cls({sha256_of(name): EVER}, await _known(connection))

    def signal(self, line: str) -> str:
        """A line of signals, without what was forgotten."""
        if not self._forgotten:
            return line
        signal = json.loads(line)
        if not self._is_forgotten(signal["producer_id"], datetime.fromisoformat(signal["created_at"])):
            return line
        return _text({**signal, "producer_id": None, "payload": None, "key_id": None})

    def change(self, line: str) -> str:
        """A line of transitions, without what was forgotten."""
        if not self._forgotten:
            return line
        change = json.loads(line)
        at = datetime.fromisoformat(change["at"])
        names = {field: None for field in ("producer_id", "by") if self._is_forgotten(change[field], at)}
        kept = {**change, **names, "reason": self.reason(change["reason"] or "", at) or None}
        return line if kept == change else _text(kept)

    def reason(self, text: str, at: datetime, instead: str = "") -> str:
        """What somebody said at that time, without who was forgotten."""
        return _WORD.sub(lambda word: self._without(word[0], at, instead), text)

    def _without(self, word: str, at: datetime, instead: str) -> str:
        """Only the hashes of names are known, so that each part of a word that could be one is looked up."""
        kept, last = "", 0
        for begin, end, forgotten in self._names_in(word, at):
            if forgotten:
                kept, last = kept + word[last:begin] + instead, end
        return kept + word[last:]

    def _names_in(self, word: str, at: datetime) -> list[tuple[int, int, bool]]:
        """From where to where names stand that are no parts of others, and whether one was forgotten. Of names that
        overlap nobody can tell which is meant: they are as one."""
        found: list[tuple[int, int, bool]] = []
        reach = 0
        for begin, end in _parts(word):
            if end <= reach or not self._is_known(name := word[begin:end]):
                continue
            forgotten = self._is_forgotten(name, at)
            if begin < reach:
                begin, _, before = found.pop()
                forgotten = forgotten or before
            found.append((begin, end, forgotten))
            reach = end
        return found

    def _is_known(self, name: str) -> bool:
        sha256 = sha256_of(name)
        return self._forgotten.get(sha256) is not None or sha256 in self._known

    def _is_forgotten(self, name: str | None, at: datetime) -> bool:
        until = None if name is None else self._forgotten.get(sha256_of(name))
        return until is not None and at <= until


async def _known(connection: asyncpg.Connection) -> set[bytes]:
    return {record["sha256"] for record in await connection.fetch(_KNOWN)}


def parts_of(word: str) -> Iterator[str]:
    """All that could be a name in a word."""
    return (word[begin:end] for begin, end in _parts(word))


def _parts(word: str) -> Iterator[tuple[int, int]]:
    """From where to where something stands that could be a name, the longer ones first of those that begin together:
    what is part of another comes after it."""
    begins, ends = ([edge.start() for edge in edges.finditer(word)] for edges in (_BEGIN, _END))
    for begin in begins:
        for end in reversed(ends[bisect_right(ends, begin) : bisect_right(ends, begin + _NAME_MAX)]):
            yield begin, end


def _text(row: Mapping[str, Any]) -> str:
    """As PostgreSQL writes it."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
