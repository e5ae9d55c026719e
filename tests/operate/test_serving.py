"""Who has connected before the server stops is answered, though nobody has looked at the connection yet."""

import socket
from contextlib import ExitStack
from functools import partial
from threading import Thread
from typing import Any

import pytest
import uvicorn
from starlette.responses import Response

from service.kernel.limits import Limits
from service.operate.serving import Server
from service.settings import Settings
from service.wire.budget import Budget
from service.wire.protocol import GuardedProtocol
from tests.running.waiting import DEADLINE_SECONDS

SETTINGS = Settings(_env_file=None, hmac_producer_enabled=False, signals_idle_seconds=60)
LIMITS = Limits(crossing_seconds=0.05, grace_seconds=2)
CLIENTS = 20
REQUEST = b"GET / HTTP/1.1\r\nHost: signals\r\n\r\n"


class StoppedServer(Server):
    """Is told to stop as soon as it serves. Since it last looked, clients have connected and sent a request."""

    def __init__(self, config: uvicorn.Config, clients: list[socket.socket]) -> None:
        super().__init__(config)
        self._clients = clients

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        [listener] = sockets or []
        for client in self._clients:
            client.settimeout(DEADLINE_SECONDS)
            client.connect(listener.getsockname())
            client.sendall(REQUEST)
        await super().shutdown(sockets)


def test_who_has_connected_before_the_server_stops_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    http: Any = partial(GuardedProtocol, settings=SETTINGS, limits=LIMITS, budget=Budget(LIMITS.unproven_bytes))
    config = uvicorn.Config(
        Response("here"), http=http, lifespan="off", log_config=None, timeout_graceful_shutdown=LIMITS.grace_seconds
    )
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=CLIENTS))
        clients = [stack.enter_context(socket.socket()) for _ in range(CLIENTS)]
        serving = Thread(target=StoppedServer(config, clients).run, args=([listener],), daemon=True)
        serving.start()
        serving.join(DEADLINE_SECONDS)
        assert not serving.is_alive(), "it does not end"
        answers = [client.recv(1000) for client in clients]
    assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert not [line for line in caplog.messages if line.startswith("Cancel")], "nobody was told to go"
