"""Whose token is whose, in memory: to know who reads asks no database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.http.errors import Overloaded
from service.kernel.timestamps import Clock
from service.readers.scope import Reader


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a reader, which ends at that time, if at all."""

    reader: Reader
    ends_at: datetime | None = None


class Readers:
    """Who may read. Nobody is known until it is filled for the first time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tokens: Mapping[bytes, Token] | None = None

    def fill(self, tokens: Mapping[bytes, Token]) -> None:
        """Know these tokens from now on, by their SHA-256, and no others."""
        self._tokens = tokens

    def find(self, sha256: bytes) -> Reader | None:
        """The reader whose token has that SHA-256; None when there is none, or it has ended.

        Raises Overloaded when no reader is known yet: the token may be good.
        """
        if self._tokens is None:
            raise Overloaded
        token = self._tokens.get(sha256)
        if token is None or (token.ends_at is not None and token.ends_at <= self._clock()):
            return None
        return token.reader
