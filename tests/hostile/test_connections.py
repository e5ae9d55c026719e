"""A process takes so many connections: one more is told to come again, many more are cut, and then all is well."""

import resource
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.server import OTHER_FILES
from service.wire.protocol import TURNED_AWAY_MAX
from tests.hostile.refusals import check_logged, check_refused
from tests.hostile.requests import HEALTH
from tests.hostile.wire import Wire
from tests.running.service_process import ServiceProcess, limited
from tests.running.waiting import wait_until

CONNECTIONS_MAX = 20


@pytest.fixture
def small(impatience: Mapping[str, str], tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that takes few connections, and waits for what is to come."""
    settings = {
        **impatience,
        "SIGNALS_CONNECTIONS_MAX": str(CONNECTIONS_MAX),
        "SIGNALS_IDLE_SECONDS": "30",
        "SIGNALS_RECEIVE_SECONDS": "30",
        **limited(linger_seconds=30),
    }
    running = ServiceProcess(tmp_path, settings)
    running.wait_until_alive()
    yield running
    running.stop()


@pytest.fixture
def stack(small: ServiceProcess) -> Iterator[ExitStack]:
    """Takes care of connections. The client that has waited for the service holds none."""
    small.client.get(f"{small.url}/api/v1/health", headers={"Connection": "close"})
    with ExitStack() as stack:
        yield stack


def fill(service: ServiceProcess, stack: ExitStack) -> list[Wire]:
    """As many connections as there may be, each of them served."""
    wires = [stack.enter_context(Wire(service)) for _ in range(CONNECTIONS_MAX)]
    assert [wire.send(HEALTH).next_answer().status for wire in wires] == [200] * CONNECTIONS_MAX
    return wires


def served(service: ServiceProcess) -> bool:
    """Whether a new connection is served."""
    with Wire(service) as wire:
        return wire.send(HEALTH).next_answer().status == 200


def test_one_more_is_told_to_come_again_until_one_has_gone(small: ServiceProcess, stack: ExitStack) -> None:
    wires = fill(small, stack)
    for sent in (b"", HEALTH):
        with Wire(small) as wire:
            [answer] = wire.send(sent).rest()
        check_refused(answer, "overloaded")
        check_logged(small, answer, "overloaded")
        assert answer.headers["Retry-After"] == "1"
    assert [wire.send(HEALTH).next_answer().status for wire in wires] == [200] * CONNECTIONS_MAX
    assert not served(small)
    wires[0].close()
    wait_until(lambda: served(small), "its place is free")


SERVE_LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
sys.argv[1:1] = ["serve"]
runpy.run_module("service", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("hard", "warned"), [(4500, []), (1000, ["Fewer files may be open than the connections need"])]
)
def test_as_many_files_may_be_open_as_the_connections_need_or_there_is_a_warning(
    impatience: Mapping[str, str], tmp_path: Path, hard: int, warned: list[str]
) -> None:
    service = ServiceProcess(tmp_path, impatience, program=("-c", SERVE_LIMITED.format(soft=500, hard=hard)))
    try:
        service.wait_until_alive()
        soft, _ = resource.prlimit(service.process.pid, resource.RLIMIT_NOFILE)
        assert soft == min(hard, 4000 + TURNED_AWAY_MAX + 10 + OTHER_FILES)
        assert [line["message"] for line in service.log.since(0) if "files" in line["message"]] == warned
    finally:
        service.stop()


def test_many_more_are_cut_without_a_word(small: ServiceProcess, stack: ExitStack) -> None:
    """Those that are told stay a moment so that they can read it; else they could be any number too."""
    fill(small, stack)
    turned_away = [stack.enter_context(Wire(small)) for _ in range(TURNED_AWAY_MAX)]
    for wire in turned_away:
        [answer] = wire.rest()
        check_refused(answer, "overloaded")
    for _ in range(50):
        with pytest.raises(OSError, match="reset"):
            stack.enter_context(Wire(small)).rest()
    stack.close()
    wait_until(lambda: served(small), "there is room again")
