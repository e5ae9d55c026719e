"""A server on this machine for what the service sends to who watches it from outside."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.running.waiting import wait_until


class Receiver:
    """Takes whatever is posted. While it is silent it answers nothing."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.bodies: list[bytes] = []
        self.speaking = Event()
        self.speaking.set()

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.port}"

    def wait_for(self, count: int) -> list[bytes]:
        """What was posted, once that were so many."""
        wait_until(lambda: len(self.bodies) >= count, f"{count} were posted")
        return self.bodies


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver, while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            received.speaking.wait()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        received = Receiver(server.server_address[1])
        Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield received
        finally:
            received.speaking.set()
            server.shutdown()
