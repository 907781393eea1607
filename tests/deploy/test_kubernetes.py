"""The manifests, rule by rule: there is no API server to ask on every machine."""

from __future__ import annotations

from typing import Any

import pytest

from fql.settings.reading import read_settings
from tests.deploy.files import documents

SQLITE, SERVER = "kubernetes.sqlite.yaml", "kubernetes.postgresql.yaml"
VERSIONS = {
    "ConfigMap": "v1", "Service": "v1", "StatefulSet": "apps/v1", "Deployment": "apps/v1",
    "PodDisruptionBudget": "policy/v1",
}  # fmt: skip
POD = {
    "automountServiceAccountToken", "containers", "enableServiceLinks", "securityContext",
    "terminationGracePeriodSeconds", "volumes",
}  # fmt: skip
CONTAINER = {
    "args", "env", "image", "livenessProbe", "name", "ports", "readinessProbe", "resources",
    "securityContext", "startupProbe", "volumeMounts",
}  # fmt: skip
"""Keys of core/v1. A misspelt one is refused by the server, or worse, ignored."""


def of_kind(name: str, kind: str) -> dict[str, Any]:
    (found,) = [one for one in documents(name) if one["kind"] == kind]
    return dict(found)


def pod(name: str) -> dict[str, Any]:
    (found,) = [one for one in documents(name) if "template" in one.get("spec", {})]
    return dict(found["spec"]["template"]["spec"])


@pytest.mark.parametrize("name", [SQLITE, SERVER])
def test_objects_belong_together(name: str) -> None:
    objects = documents(name)
    assert all(one["apiVersion"] == VERSIONS[one["kind"]] for one in objects)
    (workload,) = [one for one in objects if "template" in one.get("spec", {})]
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"] == labels
    for one in objects:
        chosen = one.get("spec", {}).get("selector", labels)
        assert chosen.get("matchLabels", chosen) == labels
    (container,) = pod(name)["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert of_kind(name, "Service")["spec"]["ports"][0]["targetPort"] in ports
    volumes = {one["name"] for one in pod(name)["volumes"]}
    volumes |= {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", ())}
    assert volumes == {mount["name"] for mount in container["volumeMounts"]}
    assert not any("subPath" in mount for mount in container["volumeMounts"])


@pytest.mark.parametrize("name", [SQLITE, SERVER])
def test_a_pod_is_probed_and_drained_and_may_do_little(name: str) -> None:
    found = pod(name)
    (container,) = found["containers"]
    assert set(found) == POD
    assert set(container) == CONTAINER
    assert found["terminationGracePeriodSeconds"] == 35
    start, alive, ready = (container[f"{one}Probe"] for one in ("startup", "liveness", "readiness"))
    assert start["periodSeconds"] * start["failureThreshold"] == 60
    paths = [one["httpGet"]["path"] for one in (start, alive, ready)]
    assert paths == ["/health", "/health", "/ready"]
    assert all(one["httpGet"]["port"] == "metrics" for one in (start, alive, ready))
    assert found["securityContext"]["runAsNonRoot"] is True
    assert found["securityContext"]["runAsUser"] == found["securityContext"]["fsGroup"] == 10001
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert all(isinstance(one["value"], str) for one in container["env"])


@pytest.mark.parametrize("name", [SQLITE, SERVER])
def test_settings_are_read_and_let_probes_in(name: str) -> None:
    (container,) = pod(name)["containers"]
    settings = read_settings(of_kind(name, "ConfigMap")["data"]["fql.toml"])
    metrics = settings.observability.prometheus
    assert metrics is not None
    assert metrics.host == "0.0.0.0"
    assert {"name": "metrics", "containerPort": metrics.port} in container["ports"]
    (folder,) = settings.secrets.folders
    assert folder in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_sqlite_is_one_engine_with_a_disk_of_its_own() -> None:
    spec = of_kind(SQLITE, "StatefulSet")["spec"]
    assert spec["replicas"] == 1
    assert spec["serviceName"] == of_kind(SQLITE, "Service")["metadata"]["name"]
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]


def test_on_a_server_any_number_works() -> None:
    assert of_kind(SERVER, "Deployment")["spec"]["replicas"] > 1
    (container,) = pod(SERVER)["containers"]
    assert {"name": "FQLC_STORE", "value": ""} in container["env"]
    assert of_kind(SERVER, "PodDisruptionBudget")["spec"]["minAvailable"] == 1
