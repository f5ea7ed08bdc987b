"""How `numeral serve` starts, with how many workers, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import numpy as np
import pytest

from bench.rolling import rolling
from bench.servers import address
from model.preprocessing.pipeline import to_png
from tests.client import connected, raw_exchange, received
from tests.pictures import draw_seven, zipped
from tests.proxies import BALANCERS, is_installed, listens
from tests.server import clean_environment, ship, wait_until


def test_sigterm_ends_it_within_seconds_and_lets_requests_in_flight_finish(start_server, seven: bytes) -> None:
    server = start_server()
    with connected(server) as connection:
        head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(seven)
        connection.sendall(head + seven[:50])
        assert raw_exchange(server, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not listens(address(server.url)[1]))
        connection.sendall(seven[50:])
        answer = received(connection)
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


@pytest.mark.slow
@pytest.mark.parametrize("balancer", BALANCERS)
def test_rolling_restarts_behind_a_balancer_fail_no_request(balancer: str) -> None:
    if not is_installed(balancer):
        pytest.skip(f"needs {balancer}: apt-get install {balancer}")
    outcomes = rolling(balancer, times=2)
    assert set(outcomes) == {"200"} and outcomes["200"] > 50


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


@pytest.mark.slow
def test_sigterm_in_the_middle_of_an_import_is_said_in_one_line(start_server) -> None:
    server = start_server(NUMERAL_SHUTDOWN_TIMEOUT="1")
    pictures = [to_png(np.asarray(draw_seven(side))) for side in range(900, 907)]
    archive = zipped({f"7/{number}.png": pictures[number % 7] for number in range(150)})
    answers: list[httpx.Response | httpx.TransportError] = []

    def send() -> None:
        headers = {"Content-Type": "application/zip"}
        try:
            answers.append(server.admin.post("/samples/import", content=archive, headers=headers))
        except httpx.TransportError as error:
            answers.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    wait_until(lambda: server.admin.get("/samples").json()["total"])
    server.stop()
    thread.join()
    log = (server.folder / "log").read_text()
    assert "Traceback" not in log and "POST /samples/import" in log and "the service stops" in log
    (answer,) = answers
    assert isinstance(answer, httpx.Response) and answer.json()["type"] == "/problems/stopping"
