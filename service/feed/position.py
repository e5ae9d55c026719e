"""Where a signal stands in the one order in which signals are read, and the cursors that tell it."""

import base64
import struct
import zlib
from typing import NamedTuple, Self
from uuid import UUID

from service.feed.errors import CursorInvalid

_FORM = struct.Struct(">QQ16s")
_CHECK = struct.Struct(">I")


class Position(NamedTuple):
    """The place of a signal: its epoch, the number of the transaction that has stored it, and its id. Places compare in
    the order of the feed."""

    epoch: int
    xact: int
    id: UUID

    @property
    def cursor(self) -> bytes:
        """The place as readers keep it: 48 characters of the alphabet of RFC 4648 section 5."""
        told = _FORM.pack(self.epoch, self.xact, self.id.bytes)
        return base64.urlsafe_b64encode(told + _CHECK.pack(zlib.crc32(told)))

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """The place that a cursor tells. Raises CursorInvalid for what is no cursor, or not a whole one."""
        try:
            given = base64.b64decode(cursor, altchars=b"-_", validate=True)
            epoch, xact, key = _FORM.unpack(given[: _FORM.size])
        except (ValueError, struct.error):
            raise CursorInvalid from None
        position = cls(epoch, xact, UUID(bytes=key))
        if position.cursor != cursor.encode() or epoch >= 1 << 63:
            raise CursorInvalid
        return position


ORIGIN = Position(0, 0, UUID(int=0))
"""The place before all signals."""

END = Position((1 << 63) - 1, (1 << 64) - 1, UUID(int=(1 << 128) - 1))
"""A place behind all signals."""
