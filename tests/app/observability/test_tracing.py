"""Traces: what an OpenTelemetry collector gets when the standard variables name one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.observability.tracing import is_wanted
from tests.client import retrain
from tests.collector import Collector, collecting
from tests.pictures import draw_seven, encoded
from tests.server import Server, wait_until

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SENT = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "traced-1"}
STAGES = ["decode", "preprocessing", "inference"]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of traces."""
    with collecting() as made:
        yield made


def spans_of(collector: Collector, count: int) -> list[dict]:
    """The spans of TRACE, once there are so many."""
    return wait_until(lambda: len(found := collector.of_trace(TRACE)) >= count and found, 60)


@pytest.mark.parametrize("form", ["tiny", "large", "batch"])
def test_a_predictions_stages_are_spans_below_its_own_which_joins_the_clients_trace(
    start_server: Callable[..., Server], collector: Collector, seven: bytes, form: str
) -> None:
    server = start_server(**collector.environment())
    if form == "batch":
        server.client.post("/predict/batch", files=[("a", seven)] * 2, headers=SENT).raise_for_status()
    else:
        picture = seven if form == "tiny" else encoded(draw_seven(900), "BMP")
        server.client.post("/predict", content=picture, headers=SENT).raise_for_status()
    first, *stages = spans_of(collector, 4)
    path = "/predict/batch" if form == "batch" else "/predict"
    assert (first["name"], first["parent"], first["service"]) == (f"POST {path}", PARENT, "numeral")
    assert (first["attributes"]["http.route"], first["attributes"]["http.response.status_code"]) == (path, 200)
    assert [span["name"] for span in stages] == STAGES
    assert {span["parent"] for span in stages} == {first["span_id"]}
    assert {span["attributes"]["numeral.pictures"] for span in stages} == {2 if form == "batch" else 1}
    assert 0 < sum(span["seconds"] for span in stages) <= first["seconds"]


def test_the_log_names_the_trace_and_other_routes_have_spans(
    start_server: Callable[..., Server], collector: Collector
) -> None:
    server = start_server(NUMERAL_LOG_REQUESTS="1", **collector.environment())
    server.client.get("/livez", headers={"X-Request-ID": "untraced"})

    def line() -> dict | None:
        text = (server.folder / "log").read_text().splitlines()
        return next((json.loads(one) for one in text if "untraced" in one), None)

    trace = wait_until(line)["trace_id"]
    assert "GET /livez" in [span["name"] for span in wait_until(lambda: collector.of_trace(trace))]


@pytest.mark.slow
def test_a_training_is_a_span_in_the_trace_of_the_request_that_started_it(
    start_server: Callable[..., Server], collector: Collector, small_weights: Path
) -> None:
    server = start_server(small_weights, **collector.environment())
    server.admin.headers["traceparent"] = SENT["traceparent"]
    location = retrain(server, epochs=1)
    del server.admin.headers["traceparent"]
    job = server.finished_job(location)
    training = wait_until(lambda: [span for span in collector.of_trace(TRACE) if span["name"] == "training"], 60)[0]
    assert training["attributes"] == {"numeral.job": job["id"], "numeral.version": job["version"]}
    assert training["seconds"] > 0.1


def test_a_collector_that_does_not_answer_fails_no_request(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", OTEL_BSP_SCHEDULE_DELAY="50", OTEL_EXPORTER_OTLP_TIMEOUT="1"
    )
    for _ in range(5):
        assert server.client.post("/predict", content=seven).json()["digit"] == 7


def test_the_variables_that_switch_traces_off_do_so() -> None:
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}
    assert is_wanted(named) and is_wanted({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"})
    for off in ({"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}):
        assert not is_wanted(named | off)
    assert not is_wanted({})


def test_without_the_variables_the_sdk_is_not_loaded() -> None:
    code = "import sys, app.main; app.main.create_app(); print(*(n for n in sys.modules if n.startswith('opentel')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded and not [name for name in loaded if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
