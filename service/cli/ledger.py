"""How far a file of signals has been sent, kept beside it: so that the same command again goes on where it ended."""

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

import typer

REPEATABLE = timedelta(hours=23)
"""So long the service surely knows a batch by its key."""


@dataclass(frozen=True, slots=True)
class Part:
    """The lines that one request brings, under one key."""

    key: str
    lines: tuple[int, ...]


class Ledger:
    """What was settled, and what was under way. It is written down before a part is sent, so that a part that may have
    been stored or not is sent again as it was, under its key, and never makes a double."""

    def __init__(self, file: Path | None) -> None:
        """Without a file nothing is kept. Raises BadParameter when the file is not the one that was begun, and when
        nobody knows any more what became of what was under way."""
        self.settled = 0
        """All lines up to this one are settled, but for those that are to be sent again."""
        self.again: tuple[int, ...] = ()
        self.under_way: Part | None = None
        self._record: TextIO | None = None
        self._begun = datetime.now(UTC)
        if file is not None:
            path = file.with_name(f"{file.name}.progress")
            self._recall(path, _digest(file))

    def _recall(self, path: Path, digest: str) -> None:
        entries = _entries(path)
        if entries and entries[0] != {"sha256": digest}:
            raise typer.BadParameter(
                f"it was changed since it was begun: see {path}, or send what is new from a new file"
            )
        for entry in entries[1:]:
            self._apply(entry)
        if self.under_way is not None and datetime.now(UTC) - self._begun > REPEATABLE:
            raise typer.BadParameter(f"nobody knows any more whether what was under way is stored: see {path}")
        self._record = path.open("a", encoding="utf-8")
        if not entries:
            self._write({"sha256": digest})

    def _apply(self, entry: dict[str, Any]) -> None:
        if "begun" in entry:
            self.under_way = Part(entry["key"], tuple(entry["lines"]))
            self._begun = datetime.fromisoformat(entry["begun"])
            return
        self.settled, self.again, self.under_way = entry["settled"], tuple(entry["again"]), None

    @property
    def key(self) -> str | None:
        """The key of what is under way."""
        return self.under_way.key if self.under_way else None

    def begin(self, lines: tuple[int, ...]) -> tuple[int, ...]:
        """The lines that are about to be sent: those that were under way, if there are some, or these."""
        if self.under_way is None:
            self.under_way = Part(str(uuid4()), lines)
            self._write({"begun": datetime.now(UTC).isoformat(), "key": self.under_way.key, "lines": lines})
        return self.under_way.lines

    def settle(self, settled: int, again: tuple[int, ...]) -> None:
        """All lines up to `settled` have their fates, but those to be sent again. Nothing is under way."""
        self.settled, self.again, self.under_way = settled, again, None
        self._write({"settled": settled, "again": again})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._record is not None:
            self._record.write(json.dumps(entry) + "\n")
            self._record.flush()
            os.fsync(self._record.fileno())

    def close(self) -> None:
        """Nothing more is to be written down."""
        if self._record is not None:
            self._record.close()


def _entries(path: Path) -> list[dict[str, Any]]:
    """A line that was cut short was not written before anything was sent."""
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
