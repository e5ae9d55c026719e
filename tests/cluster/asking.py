"""One HTTP request over a connection of its own, beside the event loop: whoever is asked may be dead or frozen."""

import asyncio
import http.client
import json
from contextlib import suppress

Answer = tuple[int, bytes]


async def ask(
    host: str, port: int, path: str, method: str = "GET", body: object = None, patience: float = 1.0
) -> Answer:
    """The status and the body of an answer; the status is 0 where none came."""
    return await asyncio.to_thread(_ask, host, port, path, method, body, patience)


def _ask(host: str, port: int, path: str, method: str, body: object, patience: float) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=patience)
    try:
        with suppress(OSError, http.client.HTTPException):
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read()
        return 0, b""
    finally:
        connection.close()
