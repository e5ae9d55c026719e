"""What all clients together can make the service keep before anybody has proven who they are."""

from typing import Protocol

FREE_BYTES = 8192
"""What one client may keep here in any case: more than most signals need. Only what is more counts."""


class Client(Protocol):
    """Who sends."""

    def shed(self) -> None:
        """Keep nothing of what this client has sent, and refuse the rest."""


class Budget:
    """The bytes of requests that have not arrived completely, of all connections of this process together.

    A request that has arrived completely is proven or refused at once, and then does not count. So the one that has
    been arriving for the longest time is most likely one that is not meant to: when the budget is spent, it is shed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent = 0
        self._shares: dict[Client, int] = {}

    def keep(self, client: Client, size: int) -> None:
        """Note that `client` keeps `size` bytes now, and shed others, or itself, when that is too much."""
        if size <= FREE_BYTES:
            self.forget(client)
            return
        self._spent += size - self._shares.get(client, 0)
        self._shares[client] = size
        while self._spent > self._limit:
            oldest = next(iter(self._shares))
            self.forget(oldest)
            oldest.shed()

    def forget(self, client: Client) -> None:
        """Note that `client` keeps nothing."""
        self._spent -= self._shares.pop(client, 0)
