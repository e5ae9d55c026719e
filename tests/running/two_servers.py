"""A database of two servers, and what becomes of one of them."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import BlockingPortal

from tests.reliability.standby import Pair, following_pair
from tests.running.proxy import DatabaseProxy, database_proxy


class TwoServers:
    """The first one acknowledges nothing that the second one does not have. The services find the first one at the
    address of the proxy, and the second one when that has taken over."""

    def __init__(self, pair: Pair, proxy: DatabaseProxy, portal: BlockingPortal) -> None:
        self._pair = pair
        self._portal = portal
        self.proxy = proxy

    @property
    def first(self) -> str:
        """The URL of the first server itself."""
        return self._pair.primary.url

    @property
    def second(self) -> str:
        """The URL of the second server itself."""
        return self._pair.standby.url

    def lose_first(self, reason: str) -> str:
        """Let the second server take over for one of the `ENDS`; returns its URL."""
        ENDS[reason](self)
        self._portal.call(self._pair.standby.promote)
        self.proxy.lead_to(self.second)
        return self.second

    def kill_first(self) -> None:
        """`kill -9`."""
        self._portal.call(self._pair.primary.kill)

    def freeze_first(self) -> None:
        """SIGSTOP: its connections stay, and nobody answers."""
        self._portal.call(self._pair.primary.freeze)

    def stop_first(self) -> None:
        """An end in good order: the second server has all that there is."""
        self._portal.call(self._pair.primary.stop)

    def restart_first(self) -> None:
        """`kill -9` and a start: it shows then what it had not got confirmed."""
        self.kill_first()
        self._pair.primary.start()
        self._portal.call(self._pair.primary.answering)

    def hold_second_back(self) -> None:
        """It confirms what the first one stores, and does not show it."""
        self._portal.call(self._pair.standby.lag)

    def let_second_catch_up(self) -> None:
        """It shows all that it has confirmed."""
        self._portal.call(self._pair.standby.keep_up)

    def lose_second(self) -> None:
        """`kill -9`."""
        self._portal.call(self._pair.standby.kill)

    def bring_second_back(self) -> None:
        """Start it again; returns when it confirms what the first one stores."""
        self._portal.call(self._pair.begin)


ENDS: Mapping[str, Callable[[TwoServers], None]] = {
    "has died": TwoServers.kill_first,
    "has stopped answering": TwoServers.freeze_first,
    "is taken away": TwoServers.stop_first,
}
"""Why a second server takes over."""


@contextmanager
def two_servers(template: Path, portal: BlockingPortal) -> Iterator[TwoServers]:
    """Both of them, the second one following."""
    with (
        tempfile.TemporaryDirectory(prefix="signals-servers-") as folder,
        portal.wrap_async_context_manager(following_pair(template, Path(folder))) as pair,
        portal.wrap_async_context_manager(database_proxy(pair.primary.url)) as proxy,
    ):
        yield TwoServers(pair, proxy, portal)
