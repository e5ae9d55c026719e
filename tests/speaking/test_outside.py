"""The scenarios against a service that runs already: which of them run, what they leave behind, what is refused."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from service import __version__
from tests.running.deployment import Deployment
from tests.running.environment import ROOT
from tests.running.marks import QaMarks
from tests.running.postgres import Database
from tests.running.pytest_run import run_pytest
from tests.running.service_process import ServiceProcess
from tests.speaking.exchange import Request, exchange
from tests.speaking.outside import INSIDE, Outside

GIVEN_SECRET = "The-secret-of-another-deployment-0123456789"
CRITERIA = "AC-01 or AC-08 or AC-09 or AC-17 or AC-29"


@pytest.fixture
def other(database: Database, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service that is not started by the scenarios, and demands signatures."""
    settings = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": GIVEN_SECRET, "DATABASE_URL": database.url}
    service = ServiceProcess(tmp_path, settings)
    service.wait_until_ready()
    yield service
    service.stop()


def outcomes(report: Path) -> Counter[tuple[str, str]]:
    """How many scenarios passed, and were skipped for which reason, by a JUnit report."""
    cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - we have written it
    told = [next(iter(case), None) for case in cases]
    return Counter(("passed", "") if each is None else (each.tag, each.get("message", "")) for each in told)


def documented_clean_up() -> str:
    """The statement that the manual gives."""
    manual = (ROOT / "docs" / "qa.md").read_text(encoding="utf-8")
    statement: str
    [statement] = re.findall(r"^DELETE FROM signals[^;]*;$", manual, re.MULTILINE)
    return statement


def test_scenarios_run_against_another_service_and_can_be_cleaned_up(
    other: ServiceProcess, database: Database, tmp_path: Path
) -> None:
    database.execute(
        "INSERT INTO signals (id, instrument, side, time) VALUES (gen_random_uuid(), 'SOMEBODY.S', 0, now())"
    )
    report = tmp_path / "report.xml"
    given = {"SIGNALS_BASE_URL": other.url, "HMAC_PRODUCER_SECRET": GIVEN_SECRET}
    options = ["--junitxml", str(report), "--specification", str(tmp_path)]
    run = run_pytest(given, "tests/test_features.py", "-m", CRITERIA, *options)
    assert run.returncode == 0, run.stdout
    told = outcomes(report)
    assert told.keys() == {("passed", ""), ("skipped", INSIDE), ("skipped", "the deployment has signing on")}
    assert told["passed", ""] > 40
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts == {"Service": other.url, "Version": f"{__version__}, development", "Build": "unknown"}
    assert GIVEN_SECRET not in run.stdout + run.stderr
    instruments = "SELECT array_agg(DISTINCT instrument ORDER BY instrument) FROM signals"
    assert database.value(instruments) == ["SOMEBODY.S", "TEST.QA"]
    database.execute(documented_clean_up())
    assert database.value(instruments) == ["SOMEBODY.S"]


def test_what_might_be_traded_is_not_sent() -> None:
    marks = QaMarks()
    assert marks.put_on(b'{"instrument": "XAUUSD", "side": 7}') == b'{"instrument": "TEST.QA", "side": 7}'
    assert marks.put_on(b'{"instrument": "xau"}') == b'{"instrument": "xau"}'
    for body in (
        b'{"instrument": "EURUSD"}',
        b'{"instrument": "\\u0058AUUSD"}',
        '{"instrument": "XY"}'.encode("utf-16"),
    ):
        with pytest.raises(pytest.skip.Exception, match=r"for TEST\.QA only"):
            marks.put_on(body)


def meet(url: str, *, confirmed: bool = False) -> None:
    """Look at a service as a test run does before it begins."""
    with closing(Outside(url)) as outside:
        outside.meet(confirmed=confirmed)


def test_production_is_not_touched_without_confirmation(inside: Deployment) -> None:
    inside.configure(APP_ENV="production", HMAC_PRODUCER_ENABLED="false")
    with pytest.raises(pytest.UsageError, match=r"says that it is production: add CONFIRM=1"):
        meet(inside.url)
    meet(inside.url, confirmed=True)


def test_another_secret_is_refused_before_anything_is_run(inside: Deployment) -> None:
    inside.configure(HMAC_PRODUCER_ENABLED="true", HMAC_PRODUCER_SECRET=GIVEN_SECRET)
    with pytest.raises(pytest.UsageError, match="HMAC_PRODUCER_SECRET is missing or another one"):
        meet(inside.url)


def test_a_limit_on_age_is_refused_before_anything_is_run(inside: Deployment) -> None:
    inside.configure(SIGNALS_TIME_MAX_AGE_SECONDS="60")
    with pytest.raises(pytest.UsageError, match="SIGNALS_TIME_MAX_AGE_SECONDS"):
        meet(inside.url)


def test_an_address_without_a_service_is_named() -> None:
    with pytest.raises(
        pytest.UsageError, match=r"no signals service answers at SIGNALS_BASE_URL=http://127\.0\.0\.1:1"
    ):
        meet("http://127.0.0.1:1")


def test_the_first_signal_is_marked(inside: Deployment) -> None:
    with closing(Outside(inside.url)) as outside:
        outside.meet(confirmed=False)
    names = inside.database.fetch("SELECT instrument FROM signals WHERE producer_id = $1", outside.marks.producer_id)
    assert [row["instrument"] for row in names] == ["TEST.QA"]


def behind_proxy(inside: Deployment, path: str, status: int) -> Outside:
    """A service behind a proxy that answers one path by itself."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if request.url.path == path else inside.client.send(request)

    outside = Outside(inside.url)
    outside.close()
    outside.client = httpx.Client(transport=httpx.MockTransport(answer))
    return outside


def test_a_service_that_takes_no_signal_is_refused_before_anything_is_run(inside: Deployment) -> None:
    with (
        closing(behind_proxy(inside, "/api/v1/signals", 503)) as outside,
        pytest.raises(pytest.UsageError, match="503"),
    ):
        outside.meet(confirmed=False)


def test_metrics_that_are_not_shown_are_not_asked_for(inside: Deployment) -> None:
    with closing(behind_proxy(inside, "/metrics", 404)) as outside:
        outside.meet(confirmed=False)
        assert exchange(outside.client, outside.url, Request(path="/api/v1/health")).answer.status == 200
        with pytest.raises(pytest.skip.Exception, match="does not show its metrics"):
            exchange(outside.client, outside.url, Request(path="/metrics"))
