"""What is given along for running it names only what exists, and is read by its own programs where those are here."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from groq_core.services.documents.parts import ReadingLimits
from groq_core.settings.parsers import byte_count
from groq_core.settings.settings import Settings, variables
from groq_core.telemetry.metrics import Metrics
from groq_core.ui.microphone import MAX_RECORDING_BYTES
from tests.requires import needs

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PATHS = {"/health", "/ready", "/metrics"}


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_every_setting_named_is_one(file: Path) -> None:
    known = {env.name for env in variables().values()}
    named = set(re.findall(r"\b(?:GROQ|OPENAI|GRADIO)_[A-Z_]+\b", file.read_text(encoding="utf-8")))
    assert named <= known | {"GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"}


def test_settings_of_the_compose_file_and_the_manifests_can_be_read() -> None:
    compose = documents("compose.yaml")[0]
    environment = compose["services"]["app-1"]["environment"]
    filled = {name: re.sub(r"\$\{(\w+)[^}]*\}", "x" * 32, str(value)) for name, value in environment.items()}
    filled["GROQ_CORE_LIMITS"] = ""
    config = next(one for one in documents("kubernetes/groq-core.yaml") if one["kind"] == "ConfigMap")
    for given in (filled, config["data"]):
        assert not [warning for warning in Settings.from_env(given).warnings if "not a setting" in warning]


def test_the_compose_file_joins_what_it_names() -> None:
    compose = documents("compose.yaml")[0]
    services = compose["services"]
    assert set(services) == {"app-1", "app-2", "redis", "postgres", "nginx"}
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        if "build" in service:
            folder = (DEPLOY / service["build"]["context"]).resolve()
            assert (folder / service["build"]["dockerfile"]).is_file()
            assert service["cap_drop"] == ["ALL"]
            assert service["read_only"] is True
        else:
            assert ":" in service["image"]
            assert not service["image"].endswith(":latest")
    proxied = (DEPLOY / "proxies/nginx.conf").read_text(encoding="utf-8")
    assert set(re.findall(r"server (\S+?):7860", proxied)) == {"app-1", "app-2"}


def test_the_image_is_small_not_root_and_pinned() -> None:
    """The rules of hadolint that matter here, by their numbers."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = [line.strip() for line in re.sub(r"\\\n\s*", " ", text).splitlines()]
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    words = [word for word, _ in steps]
    bases = [rest.split()[0] for word, rest in steps if word == "FROM"]
    assert all(":" in base and not base.endswith(":latest") for base in bases), "DL3006, DL3007"
    assert [rest for word, rest in steps if word == "USER"][-1] not in ("root", "0"), "DL3002"
    for word, rest in steps:
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest, "DL3015"
            assert "rm -rf /var/lib/apt/lists/*" in rest, "DL3009"
            assert "-y" in rest.split(), "DL3014"
    assert "ADD" not in words, "DL3020"
    assert all(rest.startswith("[") for word, rest in steps if word in ("CMD", "ENTRYPOINT")), "DL3025"
    assert words.count("CMD") == 1, "DL4003"
    assert "HEALTHCHECK" in words
    copied = {name for word, rest in steps if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    for name in copied:
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, f"{name} is not sent to the build"


def test_hadolint_has_nothing_against_the_image() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_manifests_are_of_kubernetes_schemas() -> None:
    """Strict: a field that is misspelt is one that does not exist."""
    for manifest in documents("kubernetes/groq-core.yaml"):
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    misspelt = documents("kubernetes/groq-core.yaml")[0] | {"dataa": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, "1.37", strict=True)


@needs("systemd-analyze")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "groq-core.service"
    text = (DEPLOY / "groq-core.service").read_text(encoding="utf-8")
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f'ExecStart="{sys.executable}"', text, flags=re.MULTILINE), encoding="utf-8"
    )
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    said = [line for line in done.stderr.splitlines() if "groq-core.service" in line]
    assert (done.returncode, said) == (0, []), done.stderr


def test_the_manifests_fit_together() -> None:
    found = {one["kind"]: one for one in documents("kubernetes/groq-core.yaml")}
    assert set(found) == {"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"}
    spec = found["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    selectors = (
        spec["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    )
    assert all(selector == labels for selector in selectors)
    (container,) = spec["template"]["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] in ports
        assert asked["path"] in PATHS
    assert container["livenessProbe"]["httpGet"]["path"] == "/health", "a target that rests is no reason to restart"
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > 10
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_a_document_has_room_beside_the_server() -> None:
    """Beyond the limit the kernel ends the whole pod, and every answer with it."""
    (deployment,) = (one for one in documents("kubernetes/groq-core.yaml") if one["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    resources = container["resources"]
    most, least = (byte_count(f"{resources[kind]['memory']}B") for kind in ("limits", "requests"))
    assert most >= least + ReadingLimits().memory_bytes


def test_nobody_is_let_in_from_elsewhere_before_there_are_people() -> None:
    """Docker opens a port past the host's firewall, and who reaches the page asks at the operator's expense."""
    assert documents("compose.yaml")[0]["services"]["nginx"]["ports"] == ["127.0.0.1:8080:80"]


def test_the_dashboard_shows_metrics_that_exist() -> None:
    metrics = Metrics(known=lambda model: True)
    metrics.watch(lambda: ())
    names = set[str]()
    for family in metrics.registry.collect():
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {family.name + ending for ending in kinds}
    dashboard = json.loads((DEPLOY / "grafana/groq-core.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = {name for expression in asked for name in re.findall(r"\b(?:gen_ai|groq_core)_\w+(?=[\[{)]|$)", expression)}
    assert used
    assert used <= names
    for family in metrics.registry.collect():
        assert any(name.startswith(family.name) for name in used), f"{family.name} is shown nowhere"


def test_the_dashboard_groups_by_labels_that_exist() -> None:
    source = (ROOT / "groq_core/telemetry/metrics.py").read_text(encoding="utf-8")
    dashboard = (DEPLOY / "grafana/groq-core.json").read_text(encoding="utf-8")
    grouped = {word.strip() for group in re.findall(r"by \(([^)]*)\)", dashboard) for word in group.split(",")}
    for label in grouped - {"le", "instance"}:
        assert f'"{label}"' in source, label


def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names of systemd keep their capitals
    unit.read(DEPLOY / "groq-core.service")
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    assert unit["Service"]["ExecStart"].endswith("groq-core serve")
    assert int(unit["Service"]["TimeoutStopSec"]) > 10


@needs("nginx")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    # The names of the containers are known only inside of compose.
    text = (DEPLOY / "proxies/nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"app-\d:7860", "127.0.0.1:7860", text).replace("listen 80;", "listen 127.0.0.1:18080;")
    file = tmp_path / "nginx.conf"
    file.write_text(f"pid {tmp_path}/pid; error_log {tmp_path}/log;\n{text}", encoding="utf-8")
    done = subprocess.run(
        ["nginx", "-t", "-c", str(file), "-p", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_state_has_a_place_that_can_be_written_and_that_the_servers_of_one_machine_share() -> None:
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    (state,) = re.findall(r"GROQ_CORE_STATE_DIR=(\S+)", image)
    assert re.search(rf"install --directory --owner=groq-core \S+ {state}\b", image), "a volume takes its owner from it"
    compose = documents("compose.yaml")[0]
    for server in ("app-1", "app-2"):
        assert f"state:{state}" in compose["services"][server]["volumes"]
    assert "state" in compose["volumes"]
    (deployment,) = (one for one in documents("kubernetes/groq-core.yaml") if one["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (mount,) = (one for one in pod["containers"][0]["volumeMounts"] if one["mountPath"] == state)
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsUser"], "a claim is made for root else"
    unit = (DEPLOY / "groq-core.service").read_text(encoding="utf-8")
    (own,) = re.findall(r"^StateDirectory=(\S+)", unit, re.MULTILINE)
    assert f"Environment=GROQ_CORE_STATE_DIR=/var/lib/{own}" in unit


def test_the_proxies_let_through_what_the_page_takes() -> None:
    nginx = re.findall(r"client_max_body_size (\d+)m;", (DEPLOY / "proxies/nginx.conf").read_text(encoding="utf-8"))
    caddy = re.findall(r"max_size (\d+)MB", (DEPLOY / "proxies/Caddyfile").read_text(encoding="utf-8"))
    ours = re.findall(r"client_max_body_size (\d+)m;", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert nginx
    assert caddy
    assert ours
    for megabytes, unit in [*((size, 2**20) for size in nginx + ours), *((size, 10**6) for size in caddy)]:
        assert int(megabytes) * unit >= MAX_RECORDING_BYTES


@needs("caddy")
def test_caddy_takes_its_file() -> None:
    file = str(DEPLOY / "proxies/Caddyfile")
    command = ["caddy", "adapt", "--config", file, "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"/ready"' in done.stdout


def test_traefik_s_services_are_those_its_routers_name() -> None:
    http = documents("proxies/traefik.yaml")[0]["http"]
    for router in http["routers"].values():
        assert router["service"] in http["services"]
    for service in http["services"].values():
        assert service["loadBalancer"]["healthCheck"]["path"] in PATHS


def test_prometheus_asks_where_metrics_are() -> None:
    (job,) = documents("prometheus.yml")[0]["scrape_configs"]
    assert job["metrics_path"] in PATHS
