"""Who was forgotten stays forgotten in what is put back."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import asyncpg

_LIST = "SELECT sha256, at FROM erasures"


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
        self._names: set[str] = set()

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> "Erasures":
        """All that there are."""
        return cls({record["sha256"]: record["at"] for record in await connection.fetch(_LIST)})

    def learn(self, signals: Iterable[str]) -> None:
        """Find the names in the lines of an archive, so that they are taken out of the words of others."""
        for line in signals if self._forgotten else ():
            signal = json.loads(line)
            if self._is_forgotten(signal["producer_id"], signal["created_at"]):
                self._names.add(signal["producer_id"])

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
        for field in ("producer_id", "by"):
            if self._is_forgotten(change[field], change["at"]):
                change[field] = None
        for name in self._names if change["reason"] else ():
            change["reason"] = re.sub(pattern_of(name), "", change["reason"] or "") or None
        return _text(change)

    def _is_forgotten(self, name: str | None, at: str) -> bool:
        until = None if name is None else self._forgotten.get(sha256_of(name))
        return until is not None and datetime.fromisoformat(at) <= until


NOBODY_FORGOTTEN = Erasures({})


def _text(row: Mapping[str, Any]) -> str:
    """As PostgreSQL writes it."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
