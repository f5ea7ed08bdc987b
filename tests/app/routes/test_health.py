"""Health, readiness, the reference, and how the process starts and stops."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest

from app.settings import load_settings
from bench.rolling import rolling
from model.preprocessing.pipeline import to_png
from tests.conftest import Server, clean_environment, draw_seven, ship, wait_until
from tests.proxies import BALANCERS, is_installed


def test_health_routes_answer(server: Server) -> None:
    assert server.client.get("/livez").json() == {"status": "ok"}
    for path in ("/readyz", "/healthz"):
        health = server.client.get(path).raise_for_status().json()
        assert health["status"] == "ok" and health["model_version"] == "1" and health["warning"] is None
        assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"]) and health["uptime_seconds"] >= 0


def test_health_routes_answer_head_as_uptime_checkers_send_it(server: Server) -> None:
    for path in ("/livez", "/readyz", "/healthz"):
        answer = server.client.head(path)
        assert answer.status_code == 200 and not answer.content


def test_the_address_that_is_printed_leads_to_the_reference(server: Server) -> None:
    assert server.client.get("/", follow_redirects=True).raise_for_status().url.path == "/docs"


def test_the_reference_needs_no_other_server(server: Server) -> None:
    page = server.client.get("/docs").text
    files = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert any(file.endswith(".js") for file in files) and "://" not in page
    for file in files:
        server.client.get(file).raise_for_status()


def test_the_reference_documents_every_route(server: Server) -> None:
    assert "swagger" in server.client.get("/docs").text
    paths = server.client.get("/openapi.json").json()["paths"]
    assert {"/predict", "/predict/batch", "/samples", "/admin/retrain", "/admin/jobs/{job_id}/events"} <= paths.keys()
    body = paths["/predict"]["post"]["requestBody"]["content"]
    assert {"application/octet-stream", "multipart/form-data", "application/json"} <= body.keys()


def test_the_reference_documents_errors_as_they_are_sent(server: Server) -> None:
    document = server.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert "errors" in schemas["ProblemDetail"]["properties"] and "HTTPValidationError" not in schemas
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            responses, security = operation["responses"], operation.get("security")
            told_by_health = {"503"} if operation["tags"] == ["health"] else set()
            errors = {status for status in responses if status >= "4"} - told_by_health
            assert "default" in errors and all(responses[status]["content"] == problem for status in errors), path
            if path.startswith("/predict"):
                assert {"401", "408"} <= errors and security == [{"PredictKey": []}, {}]
            if path.startswith(("/samples", "/admin")):
                assert {"401", "403"} <= errors and security == [{"AdminKey": []}]
            assert ("{" in path) == ("404" in errors), path


def test_the_web_process_never_loads_torch(server: Server, seven: bytes) -> None:
    server.client.post("/predict", content=seven).raise_for_status()
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "onnxruntime" in mapped and "torch" not in mapped


def test_sigterm_ends_it_within_seconds_and_lets_requests_in_flight_finish(start_server, seven: bytes) -> None:
    server = start_server()
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(seven)
        connection.sendall(head + seven[:50])
        ready = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
        with socket.create_connection((host, int(port)), timeout=20) as other:
            other.sendall(ready)
            assert other.recv(12) == b"HTTP/1.1 200"
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not can_connect(host, int(port)))
        connection.sendall(seven[50:])
        answer = b""
        while chunk := connection.recv(65536):  # to its end: head and body may come apart
            answer += chunk
        assert answer.startswith(b"HTTP/1.1 200") and b'"digit":7' in answer
    assert server.process.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_after_sigterm_it_is_first_unready_but_serves(start_server, seven: bytes, workers: str) -> None:
    server = start_server(NUMERAL_DRAIN_SECONDS="1.5", NUMERAL_WORKERS=workers)
    server.process.send_signal(signal.SIGTERM)

    def status() -> int:
        with httpx.Client(base_url=server.url) as client:  # a connection of its own
            return client.get("/readyz").status_code

    wait_until(lambda: status() == 503)
    with httpx.Client(base_url=server.url) as client:
        answer = client.post("/predict", content=seven)
    assert answer.json()["digit"] == 7 and answer.headers["Connection"] == "close"
    assert status() == 503 and server.process.wait(10) in (0, -signal.SIGTERM)


def test_a_second_sigterm_does_not_wait(start_server) -> None:
    server = start_server(NUMERAL_DRAIN_SECONDS="600")
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: server.client.get("/readyz").status_code == 503)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("balancer", BALANCERS)
def test_rolling_restarts_behind_a_balancer_fail_no_request(balancer: str) -> None:
    if not is_installed(balancer):
        pytest.skip(f"needs {balancer}: apt-get install {balancer}")
    outcomes = rolling(balancer, times=2)
    assert set(outcomes) == {"200"} and outcomes["200"] > 50


def can_connect(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port)).close()
    except OSError:
        return False
    return True


def run_serve(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a `numeral serve` that must end by itself."""
    settings = {"NUMERAL_WEIGHTS_DIR": str(ship(folder)), "PORT": "0", **environment}
    command = [sys.executable, "-m", "app", "serve"]
    return subprocess.run(
        command, env=clean_environment(**settings), cwd=folder, capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"NUMERAL_WORKERS": "0"}, "NUMERAL_WORKERS"),
        ({"NUMERAL_MAX_BATCH": "many"}, "NUMERAL_MAX_BATCH"),
        ({"NUMERAL_ADMIN_KEYS": "name:"}, "NUMERAL_ADMIN_KEYS"),
        ({"NUMERAL_WEIGHTS_DIR": "none", "NUMERAL_SHIPPED_WEIGHTS_DIR": "none"}, "no intact version"),
        ({"NUMERAL_DATABASE_URL": "nonsense"}, "NUMERAL_DATABASE_URL"),
        ({"NUMERAL_DATABASE_URL": "nonsense://there"}, "NUMERAL_DATABASE_URL"),
        ({"NUMERAL_DATABASE_URL": "postgresql://there:port/numeral"}, "NUMERAL_DATABASE_URL"),
    ],
)
def test_what_can_not_be_served_is_one_clear_line(tmp_path: Path, environment: dict[str, str], reason: str) -> None:
    ended = run_serve(tmp_path, **environment)
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("numeral: ") and reason in last
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run_serve(tmp_path, PORT=str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert "PORT=" in ended.stderr.strip().splitlines()[-1]


def test_an_empty_weights_folder_is_seeded_from_the_shipped_version(start_server, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    server = start_server()
    assert server.client.get("/readyz").json()["model_version"] == "1"
    assert sorted(os.listdir(tmp_path / "weights")) == ["1", "CURRENT"]


def test_a_damaged_current_version_is_said_aloud_and_another_one_served(start_server, tmp_path: Path) -> None:
    server = start_server()
    server.stop()
    weights = tmp_path / "weights"
    (weights / "2").mkdir()
    (weights / "2" / "manifest.json").write_text("{}")
    (weights / "CURRENT").write_text("2\n")
    server.start()
    health = server.client.get("/readyz").json()
    assert health["model_version"] == "1" and "version 2" in health["warning"]
    assert "version 2" in (tmp_path / "log").read_text()


def test_two_workers_serve(start_server, seven: bytes) -> None:
    server = start_server(NUMERAL_WORKERS="2")
    failures: list[object] = []

    def hammer() -> None:
        with httpx.Client(base_url=server.url) as client:
            failures.extend(r for _ in range(50) if (r := client.post("/predict", content=seven)).status_code != 200)

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    wait_until(lambda: (server.folder / "log").read_text().count("serving version 1") == 2)


def test_without_an_admin_key_the_admin_routes_are_closed(start_server) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="")
    answer = server.client.get("/admin/jobs")
    assert answer.status_code == 403 and answer.json()["type"] == "/problems/admin-disabled"
    assert "NUMERAL_ADMIN_KEYS" in answer.json()["detail"]


def test_keys_are_valid_at_once_under_one_name_too_and_none_is_logged(start_server, seven: bytes) -> None:
    server = start_server(NUMERAL_ADMIN_KEYS="old-secret,key-1:new-secret,ops:third-secret,ops:fourth-secret")
    for label, key in enumerate(("old-secret", "new-secret", "third-secret", "fourth-secret")):
        headers = {"Authorization": f"Bearer {key}"}
        form = {"files": {"file": seven}, "data": {"label": str(label)}}
        server.client.post("/samples", headers=headers, **form).raise_for_status()
    records = server.client.get("/admin/audit", headers=headers).json()["items"]
    assert [record["actor"] for record in records] == ["ops", "ops", "key-1", "key-1"]
    assert "secret" not in (server.folder / "log").read_text()


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("PORT", "NUMERAL_WORKERS", "NUMERAL_WEIGHTS_DIR", "NUMERAL_DATA_DIR", "NUMERAL_OFFLINE")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    unset = load_settings()
    for name in names:
        monkeypatch.setenv(name, "")
    assert load_settings() == unset and unset.data_dir is None


def test_sigterm_in_the_middle_of_an_import_is_said_in_one_line(start_server) -> None:
    server = start_server(NUMERAL_SHUTDOWN_TIMEOUT="1")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for number in range(150):
            packed.writestr(f"7/{number}.png", to_png(np.asarray(draw_seven(900 + number % 7))))
    answers: list[httpx.Response | httpx.TransportError] = []

    def send() -> None:
        headers = {"Content-Type": "application/zip"}
        try:
            answers.append(server.admin.post("/samples/import", content=buffer.getvalue(), headers=headers))
        except httpx.TransportError as error:
            answers.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: server.client.get("/samples").status_code and server.admin.get("/samples").json()["total"])
    server.stop()
    thread.join()
    log = (server.folder / "log").read_text()
    assert "Traceback" not in log and "POST /samples/import" in log and "the service stops" in log
    (answer,) = answers
    assert isinstance(answer, httpx.Response) and answer.json()["type"] == "/problems/stopping"
