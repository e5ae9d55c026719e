"""The manifests are valid, fit together, and keep what the service promises where a cluster runs it.

Seen red, each by its change of a manifest: another version in one file, a grace period of 25 s, a budget of 3, links to
services left on, a uid, `/api/v1/ready` as liveness, a misspelt setting, a port that no container has, no folder for
figures, a Service that selects migrations too.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from service import __version__
from tests.deployment.documents import ANSWERS_AND_STREAMS_SECONDS, KUBERNETES, judge, read
from tests.specification.names import settings

MANIFESTS = {path.stem: read(path) for path in sorted(KUBERNETES.glob("*.yaml"))}
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(KUBERNETES.glob("*.yaml"))}
DEPLOYMENT, JOB = MANIFESTS["deployment"]["spec"], MANIFESTS["migration"]["spec"]
PODS = {"deployment": DEPLOYMENT["template"], "migration": JOB["template"]}


def container(pod: str) -> Mapping[str, Any]:
    """The only container of a pod."""
    [found] = PODS[pod]["spec"]["containers"]
    return dict(found)


def environment(pod: str) -> Mapping[str, str]:
    """The settings of its container."""
    return {variable["name"]: variable["value"] for variable in container(pod)["env"]}


def selects(selector: Mapping[str, str], pod: str) -> bool:
    """Whether labels are those of a pod."""
    return bool(selector.items() <= PODS[pod]["metadata"]["labels"].items())


def test_every_manifest_is_valid() -> None:
    judge("kubernetes-validate", "--strict", *sorted(KUBERNETES.glob("*.yaml")))


def test_all_manifests_carry_the_version_of_the_code() -> None:
    together = "\n".join(TEXTS.values())
    assert set(re.findall(r"image: \S+:(\S+)", together)) == {__version__}
    assert set(re.findall(r"version: ([\d.]+)", together)) == {__version__}
    assert MANIFESTS["migration"]["metadata"]["name"] == f"signals-migrate-{__version__.replace('.', '-')}"


def test_nobody_is_killed_who_still_answers() -> None:
    delay = float(environment("deployment")["SIGNALS_SHUTDOWN_DELAY_SECONDS"])
    assert PODS["deployment"]["spec"]["terminationGracePeriodSeconds"] > delay + ANSWERS_AND_STREAMS_SECONDS
    probe = container("deployment")["readinessProbe"]
    assert delay > probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]


def test_a_machine_can_always_be_drained() -> None:
    budget = MANIFESTS["disruption"]["spec"]
    assert 0 < budget["maxUnavailable"] < DEPLOYMENT["replicas"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_has_no_privileges_and_any_uid_will_do(pod: str) -> None:
    spec, security = PODS[pod]["spec"], container(pod)["securityContext"]
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False


@pytest.mark.parametrize("pod", PODS)
def test_only_settings_are_set_and_secrets_lie_in_files_that_are_there(pod: str) -> None:
    spec = PODS[pod]["spec"]
    [mount] = [mount for mount in container(pod)["volumeMounts"] if mount["name"] == "secrets"]
    [secret] = [volume["secret"] for volume in spec["volumes"] if volume["name"] == "secrets"]
    files = {f"{mount['mountPath']}/{item['path']}" for item in secret["items"]}
    assert {name.removesuffix("_FILE") for name in environment(pod)} <= set(settings())
    assert {value for name, value in environment(pod).items() if name.endswith("_FILE")} == files


def test_a_process_is_restarted_for_its_own_faults_alone() -> None:
    probes = container("deployment")
    paths = {name: probe["httpGet"]["path"] for name, probe in probes.items() if name.endswith("Probe")}
    assert paths == {
        "startupProbe": "/api/v1/health",
        "livenessProbe": "/api/v1/health",
        "readinessProbe": "/api/v1/ready",
    }
    assert probes["readinessProbe"]["timeoutSeconds"] > 2


def test_several_processes_have_a_folder_for_their_figures() -> None:
    arguments = container("deployment")["args"]
    assert int(arguments[arguments.index("--workers") + 1]) > 1
    assert {"name": "figures", "mountPath": "/tmp"} in container("deployment")["volumeMounts"]  # noqa: S108
    assert {"name": "figures", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}} in PODS["deployment"]["spec"][
        "volumes"
    ]


def test_what_selects_pods_selects_those_that_are_meant() -> None:
    service = {
        "deployment": DEPLOYMENT["selector"]["matchLabels"],
        "service": MANIFESTS["service"]["spec"]["selector"],
        "disruption": MANIFESTS["disruption"]["spec"]["selector"]["matchLabels"],
        "spread": PODS["deployment"]["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    }
    chosen = {name: [pod for pod in PODS if selects(labels, pod)] for name, labels in service.items()}
    assert list(chosen.values()) == [["deployment"]] * len(service)
    assert all(selects(MANIFESTS["network"]["spec"]["podSelector"]["matchLabels"], pod) for pod in PODS)


def test_ports_are_named_as_the_container_names_them() -> None:
    [port] = container("deployment")["ports"]
    [exposed] = MANIFESTS["service"]["spec"]["ports"]
    [let_in] = MANIFESTS["network"]["spec"]["ingress"]
    assert {exposed["targetPort"], let_in["ports"][0]["port"]} == {port["name"]}
    assert str(port["containerPort"]) in container("deployment")["args"]
