"""The file for three machines is valid, gives each program what it needs, and keeps what the service promises.

Seen red, each by its change of a file: a key that Compose does not know, a word of a file of the cluster that nobody
fills in, a variable that the guide forgets, a grace period of 15 s, a misspelt setting, no folder for figures.
"""

import re
import subprocess
from typing import Any

import pytest

from tests.deployment.documents import ANSWERS_AND_STREAMS_SECONDS, COMPOSE, DEPLOYMENT, judge, read
from tests.programs import program
from tests.specification.names import settings

FILE = DEPLOYMENT / "compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
GUIDE = (DEPLOYMENT / "compose.md").read_text(encoding="utf-8")
RUN = (COMPOSE / "run").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = read(FILE)["services"]


def test_it_is_valid() -> None:
    judge("check-jsonschema", "--builtin-schema", "vendor.compose-spec", FILE)


def test_the_guide_names_every_variable_and_every_secret() -> None:
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == set(re.findall(r"^([A-Z]+)=", GUIDE, re.MULTILINE))
    assert set(read(FILE)["secrets"]) == set(re.findall(r"> secrets/(\w+)", GUIDE))


def test_nothing_of_the_files_of_the_cluster_is_left_open() -> None:
    files = sorted((DEPLOYMENT / "cluster").iterdir())
    words = {word for path in files for word in re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8"))}
    exports = " ".join(re.findall(r"^ *export (.*)$", RUN, re.MULTILINE))
    assert words
    assert words - set(re.findall(r"\b([a-z_]+)\b", re.sub(r'"[^"]*"', "", exports))) == set()


def test_each_program_has_its_way_to_start() -> None:
    started = {service["command"][0] for service in SERVICES.values() if service["image"] == "signals-database"}
    ways = set(re.findall(r"^([\w*-]+)\)$", RUN, re.MULTILINE))
    assert {re.sub(r"^haproxy-.*", "haproxy-*", name) for name in started} == ways
    assert {f"{name}.cfg" for name in started if name.startswith("haproxy-")} <= {
        path.name for path in (DEPLOYMENT / "cluster").iterdir()
    }


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_privileges_and_writes_only_where_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", ["signals", "migrate"])
def test_only_settings_are_set_and_secrets_lie_in_files_that_are_there(name: str) -> None:
    environment = SERVICES[name]["environment"]
    assert {variable.removesuffix("_FILE") for variable in environment} <= set(settings())
    files = {value for variable, value in environment.items() if variable.endswith("_FILE")}
    assert files == {f"/run/secrets/{secret}" for secret in SERVICES[name]["secrets"]}


def test_nobody_is_killed_who_still_answers() -> None:
    service = SERVICES["signals"]
    delay = float(service["environment"]["SIGNALS_SHUTDOWN_DELAY_SECONDS"])
    assert float(service["stop_grace_period"].removesuffix("s")) > delay + ANSWERS_AND_STREAMS_SECONDS


def test_several_processes_have_a_folder_for_their_figures() -> None:
    command = SERVICES["signals"]["command"]
    assert int(command[command.index("--workers") + 1]) > 1
    assert SERVICES["signals"]["tmpfs"] == ["/tmp"]  # noqa: S108


def test_the_programs_are_started_by_a_script_without_a_known_mistake() -> None:
    subprocess.run([program("shellcheck"), COMPOSE / "run"], check=True)
