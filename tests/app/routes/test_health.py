"""Health and readiness, and what the web process never loads."""

from __future__ import annotations

import re
from pathlib import Path

from tests.server import Server


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


def test_the_web_process_never_loads_torch(server: Server, seven: bytes) -> None:
    server.client.post("/predict", content=seven).raise_for_status()
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "onnxruntime" in mapped and "torch" not in mapped
