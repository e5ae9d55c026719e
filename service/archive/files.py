"""Compressed lines that are on disk before they have their name."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from service.archive.errors import CannotWrite

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Damaged(Exception):
    """A file does not hold lines as they are written here."""


class Lines:
    """Lines on their way into a file, compressed by Zstandard (RFC 8878). The file has another name until its contents
    are on disk. Whatever is done raises CannotWrite."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._compressor = zstd.ZstdCompressor()
        with _failures_told(path):
            self._file = _new(path).open("wb")

    def add(self, lines: Iterable[str]) -> None:
        """Write lines, none of which has a line break in it."""
        with _failures_told(self._path):
            self._file.write(self._compressor.compress("".join(f"{line}\n" for line in lines).encode()))

    def finish(self) -> None:
        """All of them are written: the file gets its name."""
        with _failures_told(self._path):
            self._file.write(self._compressor.flush())
            _name(self._file, self._path)


def write(path: Path, content: bytes) -> None:
    """A file that has its name when its contents are on disk. Raises CannotWrite."""
    with _failures_told(path):
        file = _new(path).open("wb")
        file.write(content)
        _name(file, path)


def make_folder(folder: Path) -> None:
    """A folder that is on disk. Raises CannotWrite."""
    with _failures_told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)


@contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(path, error.strerror or str(error)) from error


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _name(file: BinaryIO, path: Path) -> None:
    with file:
        file.flush()
        os.fsync(file.fileno())
    _new(path).replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[str]:
    """The lines of a file. Raises Damaged."""
    try:
        with zstd.open(path, "rb") as file:
            for line in file:
                yield line.decode().removesuffix("\n")
    except (zstd.ZstdError, EOFError, UnicodeDecodeError) as error:
        raise Damaged from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file as it lies on disk, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
