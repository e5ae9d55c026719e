"""The connections of a client, and their end."""

from functools import cache
from ssl import SSLContext
from types import TracebackType
from typing import Self

import httpx


@cache
def _trusted() -> SSLContext:
    """What all clients of a process share: reading the authorities takes longer than sending a signal."""
    return httpx.create_ssl_context()


class Connections:
    """To be closed, or used with `with`."""

    def __init__(self, http: httpx.Client | None) -> None:
        self._http = httpx.Client(verify=_trusted()) if http is None else http

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncConnections:
    """To be closed, or used with `async with`."""

    def __init__(self, http: httpx.AsyncClient | None) -> None:
        self._http = httpx.AsyncClient(verify=_trusted()) if http is None else http

    async def _send(self, request: httpx.Request, auth: httpx.Auth, *, stream: bool = False) -> httpx.Response:
        """Raises httpx.RequestError, of which ConnectError says that nothing was sent."""
        try:
            return await self._http.send(request, auth=auth, stream=stream, follow_redirects=False)
        except AttributeError as error:
            # Under uvloop a connection that has ended has no socket, and anyio asks that of a new one for its peer.
            if error.name != "getpeername":
                raise
            raise httpx.ConnectError("the connection ended as soon as it was made", request=request) from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
