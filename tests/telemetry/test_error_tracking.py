"""What an error tracker is told: enough to mend a fault, and nothing that was sent.

Seen red: with local variables, which held everything, with the own words of exceptions, and with the integrations that
the SDK has by default or finds installed.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import asyncpg
import pytest

from service.intake import commits, endpoint
from service.kernel.limits import Limits
from service.kernel.logs import log
from service.kernel.timestamps import utc_now
from service.kernel.tracing import trace
from service.proof import signing
from service.receipts import pruning
from service.settings import Settings, SettingsError
from service.telemetry import error_tracking
from tests.observing.receiver import Receiver
from tests.running.application import SIGNALS, serving, signal_body, signing_headers
from tests.running.environment import service_environment
from tests.running.postgres import Database
from tests.running.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio

PLACES = {
    "guard": (signing, "verify", "Unexpected exception"),
    "endpoint": (endpoint, "parse_signal", "Unexpected exception"),
    "writer": (commits, "store", "Database write failed"),
    "background task": (pruning.Receipts, "prune", "Background work failed"),
}
"""Where something fails, and which line tells of it."""


class Known:
    """The trace of a request."""

    id = "0af7651916cd43dd8448eb211c80319c"

    def proven(self) -> None:
        return

    def wait(self) -> None:
        return


def canary(kind: str) -> str:
    """A text that is nowhere else: not in the source either, which an event quotes."""
    return f"{kind}-{uuid4().hex}"


def events(outside: Receiver, count: int = 1) -> list[Mapping[str, Any]]:
    """The events in the envelopes that have arrived: each the last of three lines."""
    return [json.loads(envelope.splitlines()[2]) for envelope in outside.wait_for(count)]


def track(outside: Receiver, limits: Limits | None = None) -> None:
    """Tell the receiver of exceptions."""
    settings = Settings(_env_file=None, sentry_dsn=f"http://key@{outside.address}/1", app_env="staging")
    error_tracking.begin(settings, limits or Limits())


@pytest.mark.usefixtures("_telling")
@pytest.mark.parametrize("place", PLACES)
async def test_a_fault_is_told_without_what_was_sent(
    place: str, outside: Receiver, shared_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name, message = PLACES[place]
    secret, payload, header, query, password = (canary(word) for word in ("secret", "load", "head", "query", "pass"))
    local = canary("local")
    body = signal_body(payload={"note": payload})
    headers = {**signing_headers(body, secret=secret), "X-Request-Id": "of-this-test", "X-Other": header}
    signature = headers["X-Signature"]

    def fail(*given: object, **_: object) -> NoReturn:
        variable = local
        raise RuntimeError(f"{given} {variable} {secret} {payload} {header} {signature}")

    async def fail_later(*given: object, **_: object) -> NoReturn:
        fail(*given)

    track(outside)
    url = f"{shared_database.url}{'&' if '?' in shared_database.url else '?'}password={password}"
    asynchronous = place in ("writer", "background task")
    monkeypatch.setattr(module, name, fail_later if asynchronous else fail)
    limits = Limits(answer_seconds=0.3, clock_away_seconds=1e12)
    async with serving(url, signing=True, hmac_producer_secret=secret, limits=limits) as client:
        await client.post(f"{SIGNALS}?q={query}", headers=headers, content=body)
        [event, *_] = [event for event in events(outside) if event["message"] == message]
    kinds = [(each["type"], each["value"]) for each in event["exception"]["values"]]
    assert kinds[-1] == ("RuntimeError", "")
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert (event["environment"], event["release"][:8]) == ("staging", "signals@")
    told = b"\n".join(outside.bodies).decode()
    assert [word for word in (secret, payload, header, query, password, signature, local) if word in told] == []
    assert "vars" not in told
    if place in ("guard", "endpoint"):
        assert event["tags"]["request_id"] == "of-this-test"


@pytest.mark.usefixtures("_telling")
def test_what_the_database_says_is_told_where_it_cannot_be_about_a_row(outside: Receiver) -> None:
    track(outside)
    about_the_server = asyncpg.TooManyConnectionsError("sorry, too many clients already")
    about_a_row = asyncpg.CheckViolationError(canary("row"))
    for error in (about_the_server, about_a_row):
        error.__cause__ = ValueError(canary("cause"))
        log.error("Database write failed", rows=1, exception=error)
    told = events(outside, 2)
    assert [event["exception"]["values"][-1]["value"] for event in told] == ["sorry, too many clients already", ""]
    assert [event["exception"]["values"][0]["value"] for event in told] == ["", ""]
    assert told[0]["tags"]["rows"] == "1"


@pytest.mark.usefixtures("_telling")
def test_so_many_are_told_in_a_second_and_no_more(outside: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = utc_now()
    monkeypatch.setattr(error_tracking, "utc_now", lambda: moment)
    track(outside, Limits(errors_per_second=3))
    for _ in range(10):
        log.error("Unexpected exception", exception=ValueError())
    monkeypatch.setattr(error_tracking, "utc_now", lambda: moment.replace(year=moment.year + 1))
    log.error("The last one", exception=ValueError())
    assert [event["message"] for event in events(outside, 4)] == ["Unexpected exception"] * 3 + ["The last one"]


@pytest.mark.usefixtures("_telling")
def test_lines_about_no_exception_are_not_told_and_nothing_is_gathered_besides(outside: Receiver) -> None:
    track(outside)
    log.error("Keys do not open under SIGNALS_SEALING_KEYS", keys=1)
    log.warning("Rates are kept without the database", exception=None)
    token = trace.set(Known())
    log.info("Something else", exception=ValueError())
    trace.reset(token)
    [event] = events(outside)
    assert event["message"] == "Something else"
    assert event["tags"] == {"trace_id": Known.id}
    assert event["sdk"]["integrations"] == []


def test_a_start_that_fails_is_told(outside: Receiver, tmp_path: Path) -> None:
    secret, password = canary("secret"), canary("password")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {
            "SENTRY_DSN": f"http://key@{outside.address}/1",
            "HMAC_PRODUCER_ENABLED": "true",
            "HMAC_PRODUCER_SECRET": secret,
            "DATABASE_URL": f"postgresql://somebody:{password}@127.0.0.1:1/none",
        }
        command = [sys.executable, "-m", "service", "serve", "--port", str(taken.getsockname()[1])]
        environment = service_environment(settings)
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, timeout=DEADLINE_SECONDS, check=False
        )
    assert done.returncode == 2
    [event] = events(outside)
    assert (event["message"], event["exception"]["values"][-1]["type"]) == ("Service failed", "AddressTaken")
    assert secret.encode() not in outside.bodies[0]
    assert password.encode() not in outside.bodies[0]


def refuse_dsn() -> None:
    error_tracking.begin(Settings(_env_file=None, sentry_dsn="https://:@no-dsn/1"), Limits())


def lack_the_extra() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sentry_sdk", None)
        error_tracking.begin(Settings(_env_file=None, sentry_dsn="http://key@127.0.0.1/1"), Limits())


@pytest.mark.parametrize(("act", "words"), [(refuse_dsn, "is not like"), (lack_the_extra, "install signals[sentry]")])
def test_a_setting_that_cannot_be_used_is_refused(act: Callable[[], None], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        act()
    assert str(refused.value).startswith("SENTRY_DSN: ")
    assert words in str(refused.value)
    assert "no-dsn" not in str(refused.value)


def test_without_a_tracker_nothing_is_imported() -> None:
    """In a process of its own: others have imported it here."""
    program = (
        "import sys\n"
        "from service.kernel.limits import Limits\n"
        "from service.server import _application, _begin_process\n"
        "from service.settings import load_settings\n"
        "settings = load_settings(database_url='postgresql://nowhere/none')\n"
        "_begin_process(settings, Limits())\n"
        "_application(settings, None, Limits())\n"
        "print([name for name in sys.modules if name.startswith(('sentry_sdk', 'opentelemetry'))])\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=service_environment({}), check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
