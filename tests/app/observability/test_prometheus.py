"""What `deploy/observability/` ships works: a real Prometheus evaluates every query and rule on a real server."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.client import add_sample
from tests.prometheus import FOLDER, need, scraping
from tests.server import Server, wait_until

RULES = [rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
QUERIES = {
    target["expr"].replace("$__rate_interval", "1m"): panel["title"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}
COMPARISON = re.compile(r" (==|>|<) (?!bool)")


def test_promtool_finds_no_fault() -> None:
    promtool = need("promtool")
    for kind, file in (("rules", "rules.yml"), ("config", "prometheus.yml")):
        ran = subprocess.run([promtool, "check", kind, FOLDER / file], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.slow
def test_every_query_and_every_rule_evaluates_to_something(
    start_server: Callable[..., Server], seven: bytes, tmp_path: Path
) -> None:
    server = start_server(NUMERAL_WORKERS="2")
    with scraping(server, tmp_path / "prometheus") as prometheus:
        add_sample(server, seven).raise_for_status()

        def use() -> None:
            for path in ("/predict", "/read"):
                server.client.post(path, content=seven, headers={"Connection": "close"}).raise_for_status()
            server.client.post("/predict", content=b"nothing")

        def missing() -> list[str]:
            use()
            conditions = [COMPARISON.sub(r" \1 bool ", rule["expr"]) for rule in RULES]
            wanted = [*QUERIES, *conditions]
            return [query for query in wanted if not any(is_number(one) for one in prometheus.query(query))]

        wait_until(lambda: not missing(), 60)
        assert prometheus.query("sum(numeral_workers)")[0]["value"][1] == "2"
        firing = prometheus.query('ALERTS{alertstate="firing"}')
        assert [one["metric"]["alertname"] for one in firing] == []


def is_number(series: dict) -> bool:
    return series["value"][1] not in ("NaN", "+Inf", "-Inf")


SITUATIONS = {
    "NumeralAcceptRateDrifts": {
        'numeral_predictions_total{outcome="accepted"}': "0+40x180",
        'numeral_predictions_total{outcome="not-a-digit"}': "0+10x180",
        'numeral_promised_accept_ratio{version="1"}': "0.98x180",
    },
    "NumeralDown": {'up{job="numeral"}': "0x180"},
    "NumeralErrors": {
        'numeral_request_duration_seconds_count{status="200"}': "0+90x180",
        'numeral_request_duration_seconds_count{status="500"}': "0+10x180",
    },
    "NumeralSlow": {
        'numeral_request_duration_seconds_bucket{route="/predict",le="0.25"}': "0+90x180",
        'numeral_request_duration_seconds_bucket{route="/predict",le="1.0"}': "0+100x180",
        'numeral_request_duration_seconds_bucket{route="/predict",le="+Inf"}': "0+100x180",
    },
    "NumeralOverloaded": {'numeral_refusals_total{reason="overloaded"}': "0+1x180"},
    "NumeralFallback": {"numeral_model_fallback": "1x180"},
    "NumeralVersionsDiffer": {'numeral_workers{version="1"}': "1x180", 'numeral_workers{version="2"}': "1x180"},
    "NumeralJobFailed": {'numeral_job_duration_seconds_count{state="failed"}': "0x150 1x30"},
    "NumeralDatabaseUnavailable": {"up": "1x180"},
}


def test_every_alert_has_a_situation() -> None:
    assert {rule["alert"] for rule in RULES if "alert" in rule} == set(SITUATIONS)


@pytest.mark.parametrize("alert", SITUATIONS)
def test_an_alert_fires_in_its_situation(alert: str, tmp_path: Path) -> None:
    promtool = need("promtool")
    rule = next(rule for rule in RULES if rule.get("alert") == alert)
    expected = {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}
    series = [{"series": name, "values": values} for name, values in SITUATIONS[alert].items()]
    check = {"eval_time": "175m", "alertname": alert, "exp_alerts": [expected]}
    test = {"interval": "1m", "input_series": series, "alert_rule_test": [check]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": [str(FOLDER / "rules.yml")], "tests": [test]}))
    ran = subprocess.run([promtool, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
