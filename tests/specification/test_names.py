"""Nothing that the service promises by name is left to chance: a scenario or a test speaks of each name.

Seen red, one name of each kind at a time: a refusal, an answer, a header, a setting, a metric and a command that were
added to the service and said nowhere.
"""

import httpx
import pytest

from tests.running.deployment import Deployment
from tests.specification import names
from tests.specification.names import namings


def unnamed() -> list[tuple[str, str]]:
    """The names that nobody says, with their kinds."""
    return [(naming.kind, naming.name) for naming in namings() if not naming.named]


def test_every_name_is_said_by_a_scenario_or_a_test() -> None:
    assert unnamed() == []


@pytest.mark.parametrize(
    ("collector", "kind", "name"),
    [
        ("codes", "error code", "header_miss"),
        ("statuses", "status", "226"),
        ("headers", "response header", "X-Powered-By"),
        ("settings", "setting", "SIGNALS_NOTHING"),
        ("metric_names", "metric", "signals_create"),
        ("verbs", "command", "answer"),
    ],
)
def test_a_name_that_nobody_says_is_found(
    monkeypatch: pytest.MonkeyPatch, collector: str, kind: str, name: str
) -> None:
    monkeypatch.setattr(names, collector, lambda: [name])
    assert (kind, name) in unnamed()


def test_the_service_sends_no_other_header_and_status(deployment: Deployment) -> None:
    signal = {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}
    with httpx.Client(base_url=deployment.service.url) as client:
        seen = [client.get(path) for path in ("/api/v1/health", "/api/v1/ready", "/metrics", "/docs/errors", "/none")]
        seen += [client.post("/api/v1/signals", json=body) for body in (signal, {})] + [client.put("/api/v1/signals")]
    assert {name for answer in seen for name in answer.headers} <= {name.lower() for name in names.headers()}
    assert {str(answer.status_code) for answer in seen} <= set(names.statuses())


def test_what_is_said_is_told_with_its_criteria_and_tests() -> None:
    said = {naming.name: naming for naming in namings()}
    assert "AC-12" in said["signature_malformed"].criteria
    assert "AC-28" in said["signals_rejected_total"].criteria
    assert "manual/test_pages.py" in said["Content-Security-Policy"].modules
