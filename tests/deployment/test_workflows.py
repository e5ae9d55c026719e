"""The workflows are valid, run only what they name by its content, sign only what they have built, and their own parts
do what they say.

Seen red: a tag in place of a SHA, a SHA without its version, `cosign sign` of the tag, a called workflow that asks for
more than its caller grants, `kubectl apply` of the Deployment before the migration, another tag than the version, a
reader who may not see the instrument.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from service import __version__
from tests.deployment.documents import ACTIONS, GITHUB, KUBERNETES, WORKFLOWS, judge, read
from tests.running.application import SECRET
from tests.running.environment import ROOT, service_environment
from tests.running.postgres import Database
from tests.running.service_process import ServiceProcess

RELEASE = read(GITHUB / "workflows" / "release.yml")
DEPLOY = read(GITHUB / "actions" / "deploy" / "action.yml")["runs"]["steps"]
FILES = [*WORKFLOWS, *ACTIONS]
DIGEST = "sha256:" + "0f" * 32
IMAGE = f"registry.example.com/owner/signals@{DIGEST}"


def step(steps: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """A step by its name."""
    [found] = [one for one in steps if one.get("name") == name]
    return found


def run(script: str, directory: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """What the runner makes of a step (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax)."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = service_environment({"PATH": path, **variables})
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True)


def test_every_workflow_is_valid() -> None:
    """shellcheck looks at their scripts too, where it is there."""
    judge("actionlint")
    judge("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    judge("check-jsonschema", "--builtin-schema", "vendor.github-actions", *ACTIONS)
    judge("check-jsonschema", "--builtin-schema", "vendor.dependabot", GITHUB / "dependabot.yml")


def test_no_workflow_has_a_known_weakness() -> None:
    judge("zizmor", "--offline", "--min-severity", "medium", "--no-progress", GITHUB)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name + "/" + path.name)
def test_every_action_is_named_by_its_content(path: Path) -> None:
    """A tag can be moved to other code, and was (CVE-2025-30066)."""
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    pinned = re.compile(r"\./\S+|[\w.-]+/[\w.-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+")
    assert [one for one in used if not pinned.fullmatch(one)] == []


def test_an_action_has_one_version_in_all_files() -> None:
    together = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    versions = set(re.findall(r"uses: ([\w.-]+/[\w.-]+)@(.*)", together))
    assert len({name for name, _ in versions}) == len(versions)


def test_a_called_workflow_asks_for_no_more_than_its_caller_grants() -> None:
    """GitHub starts none of its jobs otherwise."""
    for caller in map(read, WORKFLOWS):
        for job in caller["jobs"].values():
            if "uses" in job:
                called = read(ROOT / job["uses"])
                wanted = [called["permissions"], *(one.get("permissions", {}) for one in called["jobs"].values())]
                granted = job.get("permissions", caller["permissions"])
                assert all(one.items() <= granted.items() for one in wanted)


def test_what_is_signed_is_what_was_built() -> None:
    job = RELEASE["jobs"]["image"]
    built = "${{ steps.build.outputs.digest }}"
    signed = step(job["steps"], "Sign it")
    assert signed["run"] == 'cosign sign --yes "$IMAGE@$DIGEST"'
    assert signed["env"] == {"DIGEST": built}
    attested = [one["with"]["subject-digest"] for one in job["steps"] if "actions/attest@" in one.get("uses", "")]
    assert attested == [built, built]
    assert job["outputs"] == {"digest": built}
    assert {"id-token", "attestations"} <= {name for name, may in job["permissions"].items() if may == "write"}


def test_production_comes_behind_staging_and_both_end_with_a_signal() -> None:
    staging, production = RELEASE["jobs"]["staging"], RELEASE["jobs"]["production"]
    assert set(staging["needs"]) == {"image", "publish"}
    assert set(production["needs"]) == {"image", "staging"}
    assert [staging["environment"], production["environment"]] == ["staging", "production"]
    assert staging["steps"] == production["steps"]
    assert staging["steps"][-1]["uses"] == "./.github/actions/deploy"
    assert staging["steps"][-1]["with"]["image"] == "${{ vars.IMAGE }}@${{ needs.image.outputs.digest }}"
    assert DEPLOY[-1]["name"] == "Post a signal and read it back"


@pytest.mark.parametrize(("tag", "goes_on"), [(f"v{__version__}", True), ("v0.0.1", False), (__version__, False)])
def test_a_release_is_called_as_the_code_is(tag: str, goes_on: bool) -> None:
    looked = step(RELEASE["jobs"]["wheel"]["steps"], "See that the tag is the version of the code and of the manifests")
    done = run(looked["run"], ROOT, GITHUB_REF_NAME=tag)
    assert (done.returncode == 0) is goes_on, done.stderr


def test_the_manifests_are_applied_in_their_order_with_the_image_of_the_release(tmp_path: Path) -> None:
    copies = tmp_path / "docs" / "deployment" / "kubernetes"
    copies.mkdir(parents=True)
    for path in KUBERNETES.glob("*.yaml"):
        (copies / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/sh\ncat "$KUBECONFIG" >> "$CALLS"\necho "$*" >> "$CALLS"\n')
    kubectl.chmod(0o700)
    calls = tmp_path / "calls"
    programs = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    variables = {"IMAGE": IMAGE, "CLUSTER": "the cluster", "RUNNER_TEMP": str(tmp_path), "CALLS": str(calls)}
    done = run(step(DEPLOY, "Apply")["run"], tmp_path, PATH=programs, **variables)
    assert done.returncode == 0, done.stderr
    assert calls.read_text().replace("the cluster\n", "").splitlines() == [
        "delete --ignore-not-found --filename migration.yaml",
        "apply --filename migration.yaml",
        "wait --for condition=complete --timeout 10m --filename migration.yaml",
        "apply --filename .",
        "rollout status --timeout 10m --filename deployment.yaml",
    ]
    images = [re.findall(r"image: (.*)", (copies / name).read_text()) for name in ("migration.yaml", "deployment.yaml")]
    assert images == [[IMAGE], [IMAGE]]
    assert not (tmp_path / "kubeconfig").exists()


@pytest.fixture
def service(database: Database, tmp_path: Path) -> Iterator[ServiceProcess]:
    """A service with signing on, whose readers have tokens."""
    settings = {"HMAC_PRODUCER_ENABLED": "true", "HMAC_PRODUCER_SECRET": SECRET, "DATABASE_URL": database.url}
    running = ServiceProcess(tmp_path, settings)
    running.wait_until_ready()
    yield running
    running.stop()


def token(database: Database, instrument: str, directory: Path) -> str:
    """The token of a reader that may see one instrument."""
    made = run(
        f"signals readers add release-check --instrument {instrument} --json", directory, DATABASE_URL=database.url
    )
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["token"])


@pytest.mark.parametrize(("instrument", "ends_well"), [("RELEASE-CHECK", True), ("XAUUSD", False)])
def test_a_signal_is_posted_and_read_back(
    service: ServiceProcess, database: Database, tmp_path: Path, instrument: str, ends_well: bool
) -> None:
    last: Mapping[str, Any] = DEPLOY[-1]
    variables = {
        **{name: value for name, value in last["env"].items() if not value.startswith("$")},
        "IMAGE": IMAGE,
        "SIGNALS_URL": service.url,
        "HMAC_PRODUCER_SECRET": SECRET,
        "SIGNALS_READER_TOKEN": token(database, instrument, tmp_path),
    }
    assert variables.keys() == last["env"].keys()
    done = run(last["run"], tmp_path, **variables)
    assert (done.returncode == 0) is ends_well, done.stdout + done.stderr
    assert database.value("SELECT producer_id FROM signals WHERE instrument = 'RELEASE-CHECK'") == "release-check"
