"""Compressed lines that are on disk before they have their name."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Damaged(Exception):
    """A file does not hold lines as they are written here."""


class Lines:
    """Lines on their way into a file, compressed by Zstandard (RFC 8878)."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._compressor = zstd.ZstdCompressor()

    def add(self, lines: Iterable[str]) -> None:
        """Write lines, none of which has a line break in it."""
        self._file.write(self._compressor.compress("".join(f"{line}\n" for line in lines).encode()))

    def close(self) -> None:
        """All of them are written."""
        self._file.write(self._compressor.flush())


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file under another name, which gets its own when its contents are on disk. If that fails none has the name."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
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
