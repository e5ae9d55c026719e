"""Where the service listens: on one address or several, on both families, and never everywhere by accident."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from service.operate.listeners import address_of, listening
from service.settings import SettingsError
from tests.cli.program import PROGRAM
from tests.cli.test_serving import run_process
from tests.running.postgres import Database
from tests.running.service_process import SERVE, ServiceProcess


def has_ipv6() -> bool:
    """Whether this machine has the address ::1."""
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def known_as(client_host: str, listeners: list[socket.socket]) -> str | None:
    """How one of the listeners knows a client that comes to `client_host`; None when none of them is there."""
    port = listeners[0].getsockname()[1]
    family = socket.AF_INET6 if ":" in client_host else socket.AF_INET
    with socket.socket(family) as client:
        if client.connect_ex((client_host, port)):
            return None
        for listener in listeners:
            listener.setblocking(False)
            with suppress(BlockingIOError):
                accepted, address = listener.accept()
                accepted.close()
                return str(address[0])
    return None


@pytest.mark.parametrize(
    ("hosts", "reached", "not_reached"),
    [
        (["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"]),
        (["127.0.0.1", "127.0.0.2"], ["127.0.0.1", "127.0.0.2"], ["127.0.0.3"]),
        (["127.0.0.1", "127.0.0.1"], ["127.0.0.1"], []),
        (["0.0.0.0"], ["127.0.0.1", "127.0.0.2"], []),
        pytest.param(["::1"], ["::1"], ["127.0.0.1"], marks=needs_ipv6),
        pytest.param(["::1", "127.0.0.1"], ["::1", "127.0.0.1"], ["127.0.0.2"], marks=needs_ipv6),
        pytest.param(["::"], ["::1", "127.0.0.1", "127.0.0.2"], [], marks=needs_ipv6),
        pytest.param(["::", "0.0.0.0"], ["::1", "127.0.0.1"], [], marks=needs_ipv6),
        pytest.param(["127.0.0.1", "::"], ["::1", "127.0.0.1"], ["127.0.0.2"], marks=needs_ipv6),
    ],
)
def test_clients_come_to_these_addresses_and_no_others(
    hosts: list[str], reached: list[str], not_reached: list[str]
) -> None:
    """An IPv4 client is known by its IPv4 address, as the log and SIGNALS_TRUSTED_PROXIES need it."""
    with listening(hosts, 0) as listeners:
        found = {host: known_as(host, listeners) for host in [*reached, *not_reached]}
    expected = {host: "::1" if ":" in host else "127.0.0.1" for host in reached}
    assert found == {**expected, **dict.fromkeys(not_reached)}


def test_a_free_port_is_one_that_is_free_at_each_address() -> None:
    """Red when the port that the first address was given is insisted on: one in fourteen is taken at the second."""
    with ExitStack() as taken:
        for _ in range(2_000):
            taken.enter_context(socket.socket()).bind(("127.0.0.2", 0))
        for _ in range(100):
            with listening(["127.0.0.1", "127.0.0.2"], 0) as listeners:
                assert len({listener.getsockname()[1] for listener in listeners}) == 1


@pytest.mark.parametrize("hosts", [[""], [" "], ["127.0.0.1", ""]])
def test_an_empty_address_is_refused(hosts: list[str]) -> None:
    """An unset variable must not open every address."""
    with pytest.raises(SettingsError, match=r"^--host: is empty"), listening(hosts, 0):
        pass


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "2001:db8::1"])
def test_an_address_that_cannot_be_had_is_named(host: str) -> None:
    sentence = rf"^--host and --port: cannot listen on {host} port \d+: "
    with pytest.raises(SettingsError, match=sentence), listening(["127.0.0.1", host], 0):
        pass


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.2", "http://127.0.0.2:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        pytest.param("::1", "http://[::1]:", marks=needs_ipv6),
    ],
)
def test_the_address_for_a_person_can_be_clicked(host: str, address: str) -> None:
    with listening([host], 0) as [listener]:
        assert address_of(listener) == f"{address}{listener.getsockname()[1]}"


@needs_ipv6
def test_the_option_may_be_repeated(tmp_path: Path, shared_database: Database) -> None:
    program = (*SERVE, "--host", "::1")
    service = ServiceProcess(tmp_path, {"DATABASE_URL": shared_database.url}, program=program, measured=True)
    port = service.url.rpartition(":")[2]
    assert httpx.get(f"http://[::1]:{port}/api/v1/health").status_code == 200
    service.wait_until_alive()
    service.stop()
    told = [(line["host"], line["port"]) for line in service.log.since(0) if line["message"] == "Listening"]
    assert told == [("::1", int(port)), ("127.0.0.1", int(port))]


def test_a_service_with_an_empty_address_does_not_start(tmp_path: Path, shared_database: Database) -> None:
    ended = run_process(PROGRAM, "serve", "--host", "", directory=tmp_path, DATABASE_URL=shared_database.url)
    assert (ended.code, ended.output) == (2, "")
    assert ended.errors.startswith("signals: --host: is empty")
