"""A real Prometheus that scrapes a server of the test and evaluates the shipped rules."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bench.servers import address, free_port
from tests.server import REPOSITORY, Server, wait_until

FOLDER = REPOSITORY / "deploy/observability"


def need(program: str) -> str:
    """The path of `prometheus` or `promtool`; skips the test without it."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}: apt-get install prometheus")
    return found


class Prometheus:
    """Prometheus at an address."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series to which the expression evaluates now."""
        answer = self.client.get("/api/v1/query", params={"query": expression})
        assert answer.status_code == 200, f"{expression}: {answer.text}"
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    def is_ready(self) -> bool:
        """Whether it answers."""
        with suppress(httpx.TransportError):
            return self.client.get("/-/ready").status_code == 200
        return False


@contextmanager
def scraping(server: Server, folder: Path) -> Iterator[Prometheus]:
    """Prometheus with the shipped configuration, but it scrapes this server, and every half a second."""
    program, port = need("prometheus"), free_port()
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(FOLDER / name) for name in config["rule_files"]]
    config["scrape_configs"][0]["static_configs"] = [{"targets": ["{}:{}".format(*address(server.url))]}]
    folder.mkdir()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=folder, stdout=log, stderr=log
        )
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        wait_until(prometheus.is_ready)
        yield prometheus
    finally:
        process.terminate()
        process.wait(30)
        prometheus.client.close()
