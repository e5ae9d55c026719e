"""A file that is written in parts, and under another name until it is whole."""

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Unusable(Exception):
    """What was begun cannot be gone on with; the message says why."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a file has come: its size in bytes, how many signals are in it, and after which cursor it goes on.

    `asked` is what was asked for, and `settled` what was made of it at the beginning.
    """

    asked: Mapping[str, Any]
    settled: Mapping[str, str]
    size: int = 0
    signals: int = 0
    cursor: str | None = None


class PartialFile:
    """`FILE.part` holds whole lines, as far as `FILE.part.json` says; what goes beyond is cut off before it goes on.

    Two programs cannot write the same file.
    """

    def __init__(self, path: Path, asked: Mapping[str, Any], settled: Mapping[str, str]) -> None:
        """Raises OSError, and Unusable when something else was asked for when this file was begun, or another program
        is at it."""
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._notes = path.with_name(f"{path.name}.part.json")
        self._file = self._part.open("ab")
        try:
            self._lock()
            self.reached = self._begun() or Reached(asked, settled)
            self._check(asked)
            self._file.truncate(self.reached.size)
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        """A program that has just finished has given the file that was opened here its name: that one is whole."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(self._file.fileno()), self._part.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:
            raise Unusable(f"another program is writing {self._part}")

    def _begun(self) -> Reached | None:
        try:
            return Reached(**json.loads(self._notes.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise Unusable(f"{self._notes} cannot be read: remove it and {self._part} to begin anew") from None

    def _check(self, asked: Mapping[str, Any]) -> None:
        if self.reached.asked != asked:
            raise Unusable(f"{self._part} was begun with other options: give the same, or remove it to begin anew")
        if self._part.stat().st_size < self.reached.size:
            raise Unusable(f"{self._part} is shorter than it was: remove it to begin anew")

    def add(self, lines: str, signals: int, cursor: str) -> None:
        """Put whole lines into it. What it says of itself is never ahead of what is on disk."""
        text = lines.encode("utf-8")
        self._file.write(text)
        self._file.flush()
        os.fsync(self._file.fileno())
        before = self.reached
        self.reached = Reached(before.asked, before.settled, before.size + len(text), before.signals + signals, cursor)
        new = self._notes.with_name(f"{self._notes.name}.new")
        with new.open("w", encoding="utf-8") as notes:
            json.dump(asdict(self.reached), notes)
            notes.flush()
            os.fsync(notes.fileno())
        new.replace(self._notes)

    def finish(self) -> None:
        """Give it its name: it is whole."""
        self._notes.unlink(missing_ok=True)
        self._part.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
