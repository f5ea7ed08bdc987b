"""The log: one JSON object a line, where what happened to a request is found by its id."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.observability.logs import FIELDS, JSONFormatter, PlainFormatter, formatter_for_stderr
from tests.client import raw_exchange, retrain
from tests.server import ADMIN_KEY, Server, wait_until


def lines(server: Server) -> list[dict]:
    """Every line of the server's log, each of which must be JSON."""
    return [json.loads(line) for line in (server.folder / "log").read_text().splitlines()]


def lines_about(server: Server, identity: str) -> list[dict]:
    """What grep finds."""
    return [line for line in lines(server) if identity in json.dumps(line)]


def test_a_refused_request_is_one_line_that_says_what_happened(start_server: Callable[..., Server]) -> None:
    server = start_server()
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"X-Request-ID": "mine-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    server.client.post("/predict?secret=1", content=b"nothing", headers=headers)
    (line,) = wait_until(lambda: lines_about(server, "mine-1"))
    assert line["time"].endswith("Z") and 0 < line["duration"] < 10
    assert {name: line[name] for name in line if name not in ("time", "duration", "message")} == {
        "level": "INFO", "logger": "numeral.requests", "request_id": "mine-1", "trace_id": trace, "route": "/predict",
        "method": "POST", "status": 422, "version": 1, "problem": "invalid-field",
    }  # fmt: skip


def test_a_connection_that_sent_no_request_has_a_line_too(start_server: Callable[..., Server]) -> None:
    server = start_server()
    answer = raw_exchange(server, b"NONSENSE\r\n\r\n")
    identity = json.loads(answer.partition(b"\r\n\r\n")[2])["request_id"]
    (line,) = wait_until(lambda: lines_about(server, identity))
    assert (line["status"], line["problem"]) == (400, "bad-request")


def test_other_requests_are_logged_only_as_far_as_the_setting_says(
    start_server: Callable[..., Server], seven: bytes
) -> None:
    server = start_server()
    server.client.post("/predict", content=seven, headers={"X-Request-ID": "mine-2"})
    server.client.post("/predict", content=b"nothing", headers={"X-Request-ID": "mine-3"})
    wait_until(lambda: lines_about(server, "mine-3"))
    assert not lines_about(server, "mine-2")
    server.stop()
    server.environment["NUMERAL_LOG_REQUESTS"] = "1"
    server.start()
    server.client.post("/predict", content=seven, headers={"X-Request-ID": "mine-4"})
    server.client.get("/livez", headers={"X-Request-ID": "mine-5"})
    assert [line["status"] for line in wait_until(lambda: lines_about(server, "mine-4"))] == [200]
    assert [line["route"] for line in wait_until(lambda: lines_about(server, "mine-5"))] == ["/livez"]


def test_the_log_has_no_keys_and_no_pictures(start_server: Callable[..., Server], seven: bytes) -> None:
    server = start_server(NUMERAL_LOG_REQUESTS="1", NUMERAL_PREDICT_KEYS="wordpass")
    server.admin.post("/samples", files={"file": seven}, data={"label": "7"}).raise_for_status()
    for key in ("wordpass", "wrong-key"):
        server.client.post("/predict?token=wordpass", content=seven, headers={"Authorization": f"Bearer {key}"})
    server.client.get("/unknown/wordpass", headers={"X-Request-ID": "last"})
    wait_until(lambda: lines_about(server, "last"))
    text = (server.folder / "log").read_text()
    for secret in ("wordpass", "wrong-key", ADMIN_KEY, "PNG", "IHDR"):
        assert secret not in text


@pytest.mark.slow
def test_uvicorns_lines_and_a_trainings_are_among_them(
    start_server: Callable[..., Server], small_weights: Path
) -> None:
    server = start_server(small_weights)
    assert any(line["logger"] == "uvicorn.error" for line in lines(server))
    location = retrain(server, epochs=1)
    job = server.finished_job(location)
    forwarded = wait_until(
        lambda: [line["message"] for line in lines_about(server, job["id"]) if line["logger"] == "numeral.trainer"]
    )
    assert any("held out" in line for line in forwarded)
    kept = wait_until(lambda: (log := server.admin.get(location).json()["log"]).count("\n") >= len(forwarded) and log)
    assert forwarded == [line for line in kept.splitlines() if line]


def test_a_fault_is_one_line_with_its_traceback() -> None:
    try:
        raise RuntimeError("first\nsecond")
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "%s broke", ("it",), sys.exc_info())
    line = JSONFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "it broke" and "RuntimeError: first" in json.loads(line)["exception"]


def test_on_a_terminal_lines_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(formatter_for_stderr(), JSONFormatter)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    formatter = formatter_for_stderr()
    assert isinstance(formatter, PlainFormatter)
    record = logging.LogRecord("numeral", logging.INFO, "", 1, "hello", (), None)
    record.__dict__[FIELDS] = {"request_id": "mine"}
    assert formatter.format(record).endswith("INFO    numeral: hello request_id=mine")
