"""`/metrics`: what real servers count, with one worker and with several, after a worker's death and a restart."""

from __future__ import annotations

import base64
import errno
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.observability.counting import count_requests
from app.observability.instruments import SECONDS, BulkHistogram
from app.observability.recorder import NoRecorder
from app.observability.requests import METHODS
from app.observability.workers import VARIABLE, folder_of_workers, shared_folder
from model.preprocessing.pipeline import read_digit
from model.registry.store import Store
from tests.client import raw_exchange
from tests.processes import kill, server_processes
from tests.server import REPOSITORY, SHIPPED, Server, wait_until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(server: Server) -> Samples:
    """Every sample at /metrics by its name and labels."""
    text = server.client.get("/metrics").raise_for_status().text
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples with this name and at least these labels."""
    wanted = set(labels.items())
    return sum(number for (found, has), number in samples.items() if found == name and wanted <= has)


def answered(server: Server, **labels: str) -> float:
    return value(scraped(server), "numeral_request_duration_seconds_count", **labels)


def workers_of(server: Server) -> list[int]:
    """The ids of the server's worker processes."""
    return server_processes(server.process.pid)[1:]


def test_a_prediction_is_counted_once_by_its_route_digit_outcome_and_version(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server()
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
    samples = scraped(server)
    labels = {"route": "/predict", "method": "POST", "status": "200"}
    assert value(samples, "numeral_request_duration_seconds_count", **labels) == 1
    assert 0 < value(samples, "numeral_request_duration_seconds_sum", **labels) < 10
    assert value(samples, "numeral_predictions_total", digit="7", outcome="accepted", version="1") == 1
    assert value(samples, "numeral_predictions_total") == 1
    for stage in ("decode", "preprocessing", "inference"):
        assert value(samples, "numeral_stage_duration_seconds_count", stage=stage) == 1
    assert value(samples, "numeral_batch_pictures_sum") == value(samples, "numeral_batch_pictures_count") == 1
    assert 0.9 < value(samples, "numeral_prediction_confidence_ratio_sum") <= 1
    assert 0.01 < value(samples, "numeral_ink_ratio_sum") < 0.3
    assert value(samples, "numeral_requests_in_flight") == 1  # the scrape itself
    assert value(samples, "numeral_workers", version="1") == 1
    assert value(samples, "numeral_current_version") == 1
    promised = json.loads((SHIPPED / "1" / "manifest.json").read_text())["metrics"]["validation"]["accepted"]
    assert value(samples, "numeral_promised_accept_ratio", version="1") == pytest.approx(promised)


def test_labels_are_bounded_whatever_clients_send(start_server: Callable[..., Server]) -> None:
    server = start_server()
    for number in range(20):
        server.client.get(f"/unknown-{number}")
        server.client.request(f"VERB{number}", f"/admin/jobs/{number}")
        server.admin.get(f"/admin/jobs/{number:032x}")
        server.client.head(f"/problems/{number}")
    routes = {dict(labels).get("route") for name, labels in scraped(server) if name.startswith("numeral_request_d")}
    assert routes <= {"/admin/jobs/{job_id}", "/problems/{slug}", "unmatched", "/readyz", "/metrics"}
    methods = {dict(labels).get("method") for name, labels in scraped(server) if name.startswith("numeral_request_d")}
    assert methods <= {*METHODS, "other"}
    assert answered(server, route="/admin/jobs/{job_id}", status="404", method="GET") == 20
    assert answered(server, route="/problems/{slug}", method="HEAD") == 20


def test_a_refusal_is_counted_by_its_reason_wherever_it_arises(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server()
    server.client.post("/predict", content=b"nothing")  # by the fast path
    server.client.get("/samples")  # by a dependency of FastAPI's route
    server.client.post("/predict/batch", files=[("a", seven), ("b", b"nothing")])  # one picture of a batch
    raw_exchange(server, b"NONSENSE\r\n\r\n")  # before it is a request
    samples = scraped(server)
    assert value(samples, "numeral_refusals_total", reason="unsupported-image") == 2
    assert value(samples, "numeral_refusals_total", reason="key-required") == 1
    assert value(samples, "numeral_refusals_total", reason="bad-request") == 1
    assert value(samples, "numeral_predictions_total") == 1


def test_every_protocols_pictures_and_refusals_are_counted(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(NUMERAL_PROTOCOLS="kserve-v1")
    ink = np.asarray(read_digit(seven).pixels, np.float32)[None, None] / 255
    arrays = np.concatenate([ink] * 20 + [np.zeros_like(ink)])
    tensor = {"name": "image", "datatype": "FP32", "shape": arrays.shape, "data": arrays.ravel().tolist()}
    server.client.post("/v2/models/digits/infer", json={"inputs": [tensor]}).raise_for_status()
    samples = scraped(server)
    assert value(samples, "numeral_predictions_total", digit="7", outcome="accepted", version="1") == 20
    assert value(samples, "numeral_predictions_total", outcome="not-a-digit") == 1
    assert value(samples, "numeral_prediction_confidence_ratio_count") == 21
    assert value(samples, "numeral_ink_ratio_count") == value(samples, "numeral_batch_pictures_sum") == 21
    assert value(samples, "numeral_ink_ratio_sum") == pytest.approx(20 * ink.mean(), rel=0.01)
    for stage, count in (("decode", 0), ("preprocessing", 1), ("inference", 1)):
        assert value(samples, "numeral_stage_duration_seconds_count", stage=stage) == count
    instances = {"instances": [{"b64": base64.b64encode(seven).decode()}, {"b64": "AAAA"}]}
    for model in ("digits", "numbers-image"):
        server.client.post(f"/v1/models/{model}:predict", json=instances).raise_for_status()
    samples = scraped(server)
    assert value(samples, "numeral_predictions_total") == 22
    assert value(samples, "numeral_refusals_total", reason="unsupported-image") == 2
    assert value(samples, "numeral_request_duration_seconds_count", route="/v1/models/{model}:predict") == 2


def test_samples_and_jobs_are_counted_from_the_database(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server()
    server.admin.post("/samples", files={"file": seven}, data={"label": "7"}).raise_for_status()
    samples = scraped(server)
    assert value(samples, "numeral_samples", label="7") == value(samples, "numeral_samples") == 1
    assert value(samples, "numeral_jobs", state="failed") == 0
    assert ("numeral_job_duration_seconds_count", frozenset({("state", "failed")})) in samples
    assert ("numeral_gate_verdicts_total", frozenset({("verdict", "promoted")})) in samples


def test_without_the_database_the_other_metrics_are_there(start_server: Callable[..., Server]) -> None:
    server = start_server(NUMERAL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    samples = scraped(server)
    assert value(samples, "numeral_workers") == 1
    assert not any(name == "numeral_samples" for name, _ in samples)


def test_metrics_can_be_switched_off(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(NUMERAL_METRICS="false")
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
    assert server.client.get("/metrics").status_code == 404


@pytest.mark.slow
def test_two_workers_count_together_also_after_one_was_killed_and_from_zero_after_a_restart(
    start_server: Callable[..., Server], seven: bytes, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    server = start_server(NUMERAL_WORKERS="2", PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "shared"))
    ask = {"Connection": "close"}  # so that both workers get some
    for _ in range(40):
        server.client.post("/predict", content=seven, headers=ask).raise_for_status()
    wait_until(lambda: answered(server, route="/predict") == 40)
    wait_until(lambda: value(scraped(server), "numeral_workers", version="1") == 2)  # the server was ready with one
    samples = scraped(server)
    assert value(samples, "numeral_predictions_total", digit="7") == 40
    assert value(samples, "numeral_model_swaps_total") == 0
    first = workers_of(server)
    assert len(first) == 2
    kill(first[:1])
    wait_until(lambda: len(set(workers_of(server)) - {first[0]}) == 2)
    wait_until(lambda: value(scraped(server), "numeral_workers") == 2)
    assert answered(server, route="/predict") == 40
    (folder,) = (tmp_path / "shared").iterdir()
    assert not [path for path in folder.iterdir() if path.stem.endswith(f"_{first[0]}")]
    server.stop()
    assert list((tmp_path / "shared").iterdir()) == []
    server.start()
    assert answered(server, route="/predict") == 0
    wait_until(lambda: value(scraped(server), "numeral_workers") == 2)


def test_a_swap_and_a_fallback_are_counted(start_server: Callable[..., Server], two_versions: Store) -> None:
    server = start_server()
    server.admin.post("/admin/versions/2/activate").raise_for_status()
    wait_until(lambda: value(scraped(server), "numeral_workers", version="2") == 1)
    samples = scraped(server)
    assert value(samples, "numeral_workers", version="1") == 0
    assert value(samples, "numeral_model_swaps_total") == 1
    assert value(samples, "numeral_current_version") == 2
    assert value(samples, "numeral_model_fallback") == value(samples, "numeral_model_fallbacks_total") == 0
    (two_versions.root / "CURRENT").write_text("3\n")
    wait_until(lambda: value(scraped(server), "numeral_model_fallback") == 1)
    assert value(scraped(server), "numeral_model_fallbacks_total") == 1


def test_the_documented_metrics_are_those_at_metrics(start_server: Callable[..., Server], seven: bytes) -> None:
    text = (REPOSITORY / "deploy/observability/README.md").read_text()
    rows = re.findall(r"^\| `(numeral_\w+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    server = start_server()
    for path in ("/predict", "/read"):
        server.client.post(path, content=seven).raise_for_status()
    families = {}
    for family in text_string_to_metric_families(server.client.get("/metrics").text):
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        families[family.name + "_total" * (family.type == "counter")] = (family.type, labels)
    assert families == documented


def test_no_metrics_beat_wrong_ones_when_the_disk_is_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr(os, "posix_fallocate", full)
    counting = count_requests(True)
    assert isinstance(counting.recorder, NoRecorder) and counting.registry is None


def test_several_workers_without_a_folder_count_nothing_and_one_worker_needs_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "missing"))
    with shared_folder(2) as can_count:
        assert not can_count and folder_of_workers() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with shared_folder(1) as can_count:
        assert can_count and folder_of_workers() is None


def test_many_values_at_once_are_counted_like_one_by_one() -> None:
    values = [0.0001 * 1.1**power for power in range(150)]
    text = []
    for add in (BulkHistogram.observe_many, lambda metric, amounts: [metric.observe(one) for one in amounts]):
        registry = CollectorRegistry()
        add(BulkHistogram("x", "text", buckets=SECONDS, registry=registry), values)
        text.append([line for line in generate_latest(registry).decode().splitlines() if "x_bucket" in line])
    assert text[0] == text[1]
    assert text[0][0].endswith("10.0") and len(text[0]) == len(SECONDS) + 1
