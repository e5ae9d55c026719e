"""`signals vectors`: against our own signing, and against a service."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.client.road import NONE, answer
from tests.client.shared import MakeRoad
from tests.observing.storage import Storage
from tests.running.deployment import Deployment
from tests.running.environment import ROOT, service_environment

PUBLISHED = ROOT / "docs" / "vectors" / "signature.json"
COUNT = len(json.loads(PUBLISHED.read_bytes())["accepted"])


def test_our_signing_agrees_with_all_of_them(alone: Program) -> None:
    ended = alone.run("vectors")
    assert ended.lines[-1] == f"done: {COUNT} agree, 0 do not"
    assert [line.split("\t")[0] for line in ended.lines[:-1]] == ["ok"] * COUNT
    assert ended.code == 0


def test_they_come_with_the_program(tmp_path: Path) -> None:
    """Installed, it has no clone of the repository beside it. Red when they are looked for in docs/."""
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("static", "__pycache__"))
    environment = {**service_environment({}), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "service", "vectors"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith(f"done: {COUNT} agree, 0 do not\n")


def test_one_that_is_wrong_is_found(alone: Program) -> None:
    document = json.loads(PUBLISHED.read_bytes())
    document["accepted"][1]["signature"] = document["accepted"][0]["signature"]
    (alone.directory / "changed.json").write_text(json.dumps(document))
    ended = alone.run("vectors", "changed.json")
    assert [line.split("\t")[1] for line in ended.lines if line.startswith("wrong")] == ["with a payload"]
    assert ended.lines[-1] == f"done: {COUNT - 1} agree, 1 do not"
    assert ended.code == 1


def test_a_service_stores_each_of_them_signed_afresh(program: Program, signing: Deployment, storage: Storage) -> None:
    ended = program.run("vectors", "--url", signing.service.url, "--yes")
    assert (ended.code, ended.lines[-1]) == (0, f"done: {COUNT} agree, 0 do not")
    assert storage.count_new() == COUNT


def test_it_asks_before_it_stores_anything(program: Program, signing: Deployment, storage: Storage) -> None:
    ended = program.run("vectors", "--url", signing.service.url, given=b"n\n")
    assert f"Store {COUNT} signals at " in ended.errors
    assert (ended.code, ended.output.strip()) == (1, "")
    assert storage.count_new() == 0


def test_a_service_that_does_not_agree_is_told(program: Program, signing: Deployment) -> None:
    program.settings["HMAC_PRODUCER_SECRET"] = "another one"
    ended = program.run("vectors", "--url", signing.service.url, "--yes")
    assert (ended.code, ended.lines[-1]) == (1, f"done: 0 agree, {COUNT} do not")
    assert '"signature_mismatch"' in ended.lines[0]


def test_a_service_that_goes_away_is_told(program: Program, signing: Deployment, make_road: MakeRoad) -> None:
    """The signals are of a producer of its own: within a second they would be resends of those of another test."""
    document = json.loads(PUBLISHED.read_bytes())
    of_another = [vector | {"producer_id": "another-bot"} for vector in document["accepted"]]
    (program.directory / "another.json").write_text(json.dumps(document | {"accepted": of_another}))
    road = make_road(signing.service.url)
    road.plan([NONE, answer("502 Bad Gateway"), b""])
    ended = program.run("vectors", "another.json", "--url", road.url, "--yes")
    assert [line.split("\t")[0] for line in ended.lines[:-1]] == ["ok", "wrong", "away"]
    assert ended.code == 3


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere.json"], "nowhere.json: No such file"),
        (["empty.json"], "holds no vectors"),
        (["list.json"], "holds no vectors"),
        (["none.json"], "holds no vectors"),
        (["--url", "signals.example"], "--url: "),
    ],
)
def test_a_wrong_command_line_is_told(alone: Program, arguments: list[str], complaint: str) -> None:
    for name, text in {"empty": "", "list": "[1]", "none": '{"secret":"x","accepted":[]}'}.items():
        (alone.directory / f"{name}.json").write_text(text)
    ended = alone.run("vectors", *arguments)
    assert (ended.code, ended.output) == (2, "")
    assert complaint in ended.errors
