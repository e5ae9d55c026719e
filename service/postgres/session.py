"""A session of the server while it is lent."""

from contextlib import suppress

import asyncpg

_WARNING = "01000"
"""What comes with a commit whose wait for a standby was cancelled; PostgreSQL answers it as any other. All that this
SQLSTATE may mean is taken for that: to look once more costs little, and does wait."""


class NotConfirmed(Exception):
    """The server has committed without waiting for its standbys; the message is the server's."""


class Session:
    """A connection out of asyncpg's pool, until `end`. What the server warns of meanwhile is heard.

    `expired` is how often all that there was had expired when it was asked for.
    """

    def __init__(self, connection: asyncpg.Connection, expired: int) -> None:
        self.connection = connection
        self.expired = expired
        self._warning: str | None = None
        connection.add_log_listener(self._heed)

    def end(self) -> None:
        """Before it is given back: asyncpg complains of whoever goes on listening."""
        with suppress(asyncpg.InterfaceError):  # it broke, and has left the pool and its listeners behind
            self.connection.remove_log_listener(self._heed)

    def drop(self) -> None:
        """End the connection at once: no cancel is sent, and nobody waits for a server that is silent."""
        with suppress(asyncpg.InterfaceError):
            self.connection.terminate()

    @property
    def is_closed(self) -> bool:
        """Whether it cannot be used any more."""
        try:
            return bool(self.connection.is_closed())
        except asyncpg.InterfaceError:
            return True

    @property
    def is_sound(self) -> bool:
        """Whether it can be used again as it is. What somebody has left open in it, asyncpg's pool ends."""
        try:
            return not (self.connection.is_in_transaction() or self.connection._top_xact)
        except asyncpg.InterfaceError:
            return False

    def forget_warning(self) -> None:
        """What was said until now is about earlier commits."""
        self._warning = None

    def require_confirmed(self) -> None:
        """Raises NotConfirmed when the server has warned since then that a commit has not waited for its standbys."""
        if self._warning is not None:
            raise NotConfirmed(self._warning)

    def _heed(self, _: asyncpg.Connection, message: asyncpg.PostgresLogMessage) -> None:
        if message.sqlstate == _WARNING:
            self._warning = message.message
