"""nginx and HAProxy before a service, each configured with what operations.md tells operators to write."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.programs import program
from tests.running.environment import ROOT
from tests.running.ports import free_port
from tests.running.waiting import wait_until

SERVICE = "127.0.0.1:8000"
BIND = ":443 ssl crt /etc/haproxy/signals.pem"
"""What the documents say and the tests replace: where the service listens, and where HAProxy does."""

Change = Callable[[str], str]

_NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {documented}
    }}
}}
"""


def documented(language: str) -> str:
    """The configuration in the documents for one proxy."""
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    block: str
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", manual, re.MULTILINE | re.DOTALL)
    return block


def _nginx(folder: Path, port: int, service: str, change: Change) -> list[str]:
    return _run_nginx(folder, port, change(documented("nginx")).replace(SERVICE, service))


def _bare_nginx(folder: Path, port: int, service: str, _: Change) -> list[str]:
    return _run_nginx(folder, port, f"gzip on; location / {{ proxy_pass http://{service}; }}")


def _run_nginx(folder: Path, port: int, block: str) -> list[str]:
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=port, documented=block))
    return [program("nginx"), "-p", str(folder), "-c", str(configuration)]


def _haproxy(folder: Path, port: int, service: str, change: Change) -> list[str]:
    configuration = folder / "haproxy.cfg"
    block = change(documented("haproxy"))
    assert BIND in block
    configuration.write_text(block.replace(BIND, f"127.0.0.1:{port}").replace(SERVICE, service))
    return [program("haproxy"), "-db", "-f", str(configuration)]


PROXIES = {"nginx": _nginx, "haproxy": _haproxy}

BARE = {"bare nginx": _bare_nginx}
"""With nothing but what has to be said. It speaks HTTP/1.0 to the service."""


@contextmanager
def proxy_before(service_url: str, kind: str, folder: Path, change: Change = str) -> Iterator[str]:
    """Runs a proxy before the service at an address, and gives the address of the proxy. `change` may make something
    else of what is documented."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = {**PROXIES, **BARE}[kind](folder, port, service_url.removeprefix("http://"), change)
    with (folder / "output").open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            wait_until(lambda: _answers(url), f"{kind} answers", 10)
            yield url
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/ready").status_code == 200
    except httpx.TransportError:
        return False
