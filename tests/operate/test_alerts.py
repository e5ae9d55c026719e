"""Alerts and the dashboard speak of figures that are there from the start, and each alert has its page.

Seen red: an expression without the part about new instances (the first failure of one fired nothing), a metric and a
label value that do not exist, a panel that does not parse, an alert without a page, a page without an alert.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operate.promql import OF_PROMETHEUS, Series, grouping_labels, parse, selectors
from tests.programs import program
from tests.running.application import SECRET
from tests.running.environment import ROOT
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess

DEPLOYMENT = ROOT / "docs" / "deployment"
ALERTS = DEPLOYMENT / "prometheus" / "alerts.yaml"
RULES = ALERTS.read_text(encoding="utf-8")
NAMES = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
CASES = Path(__file__).with_name("alerts.yaml")
DASHBOARD = json.loads((DEPLOYMENT / "grafana" / "signals.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SHOWN = [target["expr"] for panel in PANELS for target in panel["targets"]]
ALERTING = re.findall(r"expr:(?: >-)?\n?(.*?)\n +(?:for|labels):", RULES, re.DOTALL)


def promtool(*arguments: str) -> None:
    """Run Prometheus' own tool, which has to be content."""
    done = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_from_nothing_across_restarts_and_not_when_all_is_well() -> None:
    promtool("test", "rules", str(CASES))


def test_every_alert_is_seen_to_fire() -> None:
    fired = re.findall(r'alertname="(\w+)"', CASES.read_text(encoding="utf-8"))
    assert set(NAMES) == set(fired)
    assert len(ALERTING) == len(NAMES)


def test_every_alert_has_its_page_and_no_other_page_is_there() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    pages = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", runbook, re.MULTILINE | re.DOTALL))
    assert list(pages) == NAMES
    assert re.findall(r"runbook: docs/runbook.md#(\w+)", RULES) == [name.lower() for name in NAMES]
    parts = {tuple(re.findall(r"^\*\*([A-Z].*?)\*\*", page, re.MULTILINE)) for page in pages.values()}
    assert parts == {("It means", "Look at", "Do")}


@pytest.fixture(scope="module")
def fresh(shared_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Series]:
    """The figures of a service that has done nothing yet."""
    settings = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET, "DATABASE_URL": shared_database.url}
    service = ServiceProcess(tmp_path_factory.mktemp("service"), settings)
    service.wait_until_ready()
    yield parse(service.client.get(f"{service.url}/metrics").text)
    service.stop()


@pytest.mark.parametrize("expression", [*ALERTING, *SHOWN])
def test_each_metric_and_label_is_there_from_the_start(fresh: Series, expression: str) -> None:
    named = [selector for selector in selectors(expression) if selector.name != "up"]
    assert [selector for selector in named if not selector.found(fresh)] == []
    labels = {label for name, labels, _ in fresh if name in {each.name for each in named} for label in labels}
    assert grouping_labels(expression) <= labels | OF_PROMETHEUS


@pytest.mark.parametrize("expression", ALERTING)
def test_what_is_counted_for_an_alert_starts_at_zero(fresh: Series, expression: str) -> None:
    counted = [selector for selector in selectors(expression) if selector.name.endswith("_total")]
    assert {value for selector in counted for value in selector.found(fresh)} <= {0}


def test_every_expression_of_the_dashboard_parses(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    variables = {"$__rate_interval": "5m", "$job": ".+", "$instance": ".+"}
    parsable = [re.sub(r"\$\w+", lambda found: variables[found[0]], expression) for expression in SHOWN]
    recorded = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(parsable)]
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": recorded}]}))  # JSON is YAML
    promtool("check", "rules", str(rules))


def test_the_dashboard_can_be_provisioned_as_it_is() -> None:
    """An exported one asks for `__inputs`, and its data source is not found."""
    assert "__inputs" not in DASHBOARD
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    sources: list[Any] = [target["datasource"]["uid"] for panel in PANELS for target in [panel, *panel["targets"]]]
    assert set(sources) == {"${datasource}"}
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(numbers) == len(set(numbers))
