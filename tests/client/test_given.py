"""What people give to the client works, or is refused in words that say what to give."""

import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from service.client import InvalidSignal, Side, Signal, SignalsClient
from tests.client.conftest import Connect
from tests.client.road import Road
from tests.running.deployment import Deployment
from tests.running.environment import ROOT

GOLD = Signal("XAUUSD", Side.BUY)
TEXT = '{"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}'
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def bodies(road: Road) -> list[str]:
    """The bodies that came along a road."""
    return [request.partition(b"\r\n\r\n")[2].decode() for request in road.requests]


def test_a_time_may_be_text(connect: Connect, road: Road) -> None:
    connect(road.url).send(Signal("XAUUSD", Side.BUY, time="2026-01-31T12:00:00.5+01:00"))
    assert '"time":"2026-01-31T12:00:00.5+01:00"' in bodies(road)[0]


def test_a_time_that_the_service_cannot_read_is_told_by_the_service(signing: Deployment, connect: Connect) -> None:
    with pytest.raises(InvalidSignal, match=r"body\.time: .* with a zone, like 2026-01-31T12:00:00Z"):
        connect(signing.service.url).send(Signal("XAUUSD", Side.BUY, time="2026-01-31T12:00:00"))


@pytest.mark.parametrize("time", ["2026-01-31T12:00:00+00:00", NOON])
def test_the_fields_of_a_signal_may_come_in_a_dictionary(connect: Connect, road: Road, time: datetime | str) -> None:
    connect(road.url).send({"instrument": "XAUUSD", "side": Side.SELL, "time": time, "payload": {"n": 1}})
    assert bodies(road) == [Signal("XAUUSD", 1, NOON, {"n": 1}).body().decode()]


def test_a_whole_body_may_be_text(connect: Connect, road: Road) -> None:
    connect(road.url).send(TEXT)
    assert bodies(road) == [TEXT]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"instrument": "XAUUSD"}, "side"),
        ({"instrument": "XAUUSD", "side": 0, "sied": 1}, "sied"),
        (None, "a Signal, a mapping of its fields, or its JSON, not NoneType"),
        ([GOLD], "a Signal, a mapping of its fields, or its JSON, not list"),
    ],
)
def test_what_is_no_signal_is_refused_before_it_is_sent(connect: Connect, road: Road, given: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        connect(road.url).send(given)
    assert not road.requests


def test_a_secret_that_is_not_there_does_not_make_signals_unsigned_in_silence(connect: Connect, road: Road) -> None:
    """It is what a variable gives that nobody has set."""
    with pytest.raises(ValueError, match=r"no secret: give one, or unsigned=True"):
        connect(road.url, secret=None)
    with pytest.raises(ValueError, match="no secret"):
        SignalsClient(road.url)


def test_a_secret_is_not_given_in_vain(connect: Connect, road: Road) -> None:
    with pytest.raises(ValueError, match="not both"):
        connect(road.url, unsigned=True)


@pytest.mark.parametrize("ending", ["/api/v1/signals", "/api/v1/signals/", "/", "//"])
def test_an_address_may_have_the_path_of_signals_at_its_end(connect: Connect, road: Road, ending: str) -> None:
    connect(road.url + ending).send(GOLD)
    assert road.requests[0].startswith(b"POST /api/v1/signals HTTP/1.1\r\n")


def test_the_package_says_that_it_is_typed() -> None:
    """PEP 561."""
    assert (files("service") / "py.typed").is_file()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "py.typed" in project["tool"]["setuptools"]["package-data"]["service"]


@pytest.mark.parametrize("name", ["service/__init__.py", "service.py"])
@pytest.mark.parametrize("installed", ["from a wheel", "from a clone"])
def test_a_namesake_beside_the_script_fails_as_documented_and_the_cure_helps(
    tmp_path: Path, name: str, installed: str
) -> None:
    namesake, script = tmp_path / name, tmp_path / "script.py"
    namesake.parent.mkdir(exist_ok=True)
    namesake.touch()
    script.write_text("import service.client\n")
    # Without the site packages it is found on the path alone, as when it lies in them.
    options, path = (["-S"], str(ROOT)) if installed == "from a wheel" else ([], "")
    command = [sys.executable, *options, str(script)]
    hidden = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True)
    manual = (ROOT / "docs" / "client.md").read_text(encoding="utf-8")
    assert hidden.stderr.splitlines()[-1].partition(" (")[0] in manual.splitlines()
    assert "`python -P script.py`" in manual
    assert subprocess.run([sys.executable, "-P", script]).returncode == 0


def test_a_signal_says_until_when_it_is_good() -> None:
    moment = datetime(2026, 1, 31, 13, tzinfo=UTC)
    said = json.loads(Signal("XAUUSD", Side.BUY, expires_at=moment).body())
    assert said["expires_at"] == moment.isoformat()
    assert "expires_at" not in json.loads(Signal("XAUUSD", Side.BUY).body())
