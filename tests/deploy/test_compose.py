"""`deploy/compose.yaml` names what exists: files, settings, services, the image's target and its volumes."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from app.settings import Settings
from tests.server import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
OPERATORS_OWN = {"./certificates"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return made


def test_every_file_that_is_mounted_exists_and_every_volume_is_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert source in OPERATORS_OWN or (DEPLOY / source).exists(), source
            else:
                assert source in compose["volumes"]
        assert set(service["networks"]) <= compose["networks"].keys()
        assert set(service.get("depends_on", ())) <= compose["services"].keys()


def test_the_service_gets_settings_that_exist_and_volumes_where_the_image_has_them(
    compose: dict[str, Any],
) -> None:
    service = compose["services"]["numeral"]
    named = {name.removeprefix("NUMERAL_").lower() for name in service["environment"] if name.startswith("NUMERAL_")}
    assert named <= Settings.model_fields.keys()
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    assert f" AS {service['build']['target']}\n" in dockerfile
    targets = {mount.split(":")[1] for mount in service["volumes"]}
    assert targets == set(re.findall(r'"(/srv/[^"]+)"', re.findall(r"^VOLUME .*$", dockerfile, re.MULTILINE)[0]))
    assert int(service["stop_grace_period"].rstrip("s")) > sum(
        int(seconds) for seconds in re.findall(r"NUMERAL_(?:DRAIN_SECONDS|SHUTDOWN_TIMEOUT)=(\d+)", dockerfile)
    )


def test_the_service_runs_with_as_few_rights_as_it_needs(compose: dict[str, Any]) -> None:
    service = compose["services"]["numeral"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and "ports" not in service
    assert compose["networks"]["back"]["internal"] and compose["services"]["postgres"]["networks"] == ["back"]


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    secrets = re.findall(r"\$\{((?:NUMERAL_ADMIN_KEYS|POSTGRES_PASSWORD)[^}]*)\}", text)
    assert len(secrets) == 3 and all(":?" in secret for secret in secrets)


def test_nginx_and_prometheus_ask_the_service_by_its_name(compose: dict[str, Any]) -> None:
    assert "server numeral:8000 " in (DEPLOY / "nginx.conf").read_text()
    mounted = [mount.split(":")[:2] for mount in compose["services"]["nginx"]["volumes"]]
    assert ["./nginx.conf", "/etc/nginx/nginx.conf"] in mounted
    prometheus = compose["services"]["prometheus"]
    assert "./observability:/etc/prometheus:ro" in prometheus["volumes"]
    assert "--config.file=/etc/prometheus/prometheus-compose.yml" in prometheus["command"]
    config = yaml.safe_load((DEPLOY / "observability/prometheus-compose.yml").read_text())
    assert config["scrape_configs"][0]["static_configs"] == [{"targets": ["numeral:8000"]}]


def test_what_grafana_is_given_is_yaml_and_reports_to_nobody(compose: dict[str, Any]) -> None:
    provisioning = DEPLOY / "observability/provisioning"
    (datasource,) = yaml.safe_load((provisioning / "datasources/numeral.yaml").read_text())["datasources"]
    assert datasource["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provisioning / "dashboards/numeral.yaml").read_text())["providers"]
    mounts = dict(mount.split(":")[:2] for mount in compose["services"]["grafana"]["volumes"])
    assert mounts["./observability/provisioning"] == "/etc/grafana/provisioning"
    assert mounts["./observability"] == provider["options"]["path"]
    assert compose["services"]["grafana"]["environment"]["GF_ANALYTICS_REPORTING_ENABLED"] == "false"
