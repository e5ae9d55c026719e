"""The documents and the code tell of the same settings, codes, routes and metrics."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from service.app import create_app
from service.errors import Refusal, all_refusals
from service.middleware import RequestContext
from service.settings import Settings

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs/protocol.md").read_text()
OPERATIONS = (ROOT / "docs/operations.md").read_text()
FEATURES = "".join(path.read_text() for path in (ROOT / "features").glob("*.feature"))
SETTINGS = [name.upper() for name in Settings.model_fields]
REFUSALS = list(all_refusals())


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained_and_in_the_example(name: str) -> None:
    assert f"`{name}`" in OPERATIONS
    assert re.search(rf"^{name}=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def test_the_example_names_no_setting_that_does_not_exist() -> None:
    named = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(SETTINGS)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_every_code_has_its_section_with_its_status_and_a_scenario(refusal: type[Refusal]) -> None:
    section = PROTOCOL.partition(f"\n### `{refusal.code}`\n")[2].partition("\n#")[0]
    assert str(refusal.status) in section
    assert refusal.code in FEATURES


def test_the_protocol_explains_no_code_that_does_not_exist() -> None:
    explained = re.findall(r"^### `([a-z_]+)`$", PROTOCOL, re.MULTILINE)
    assert sorted(explained) == sorted(refusal.code for refusal in REFUSALS)


def test_every_route_is_documented(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost/nothing")
    context = create_app(Settings())
    assert isinstance(context, RequestContext)
    assert isinstance(context.app, Starlette)
    paths = [getattr(route, "path", "") for route in context.app.routes]
    assert paths
    assert [path for path in paths if path not in PROTOCOL + OPERATIONS] == []


def test_every_metric_is_documented() -> None:
    ours = {family.name for family in REGISTRY.collect() if re.match(r"signals_|http_", family.name)}
    assert len(ours) >= 5
    assert {name for name in ours if name not in OPERATIONS} == set()
