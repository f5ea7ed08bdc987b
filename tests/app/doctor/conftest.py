"""The command, run in an empty folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.cli import doctor
from bench.servers import free_port
from tests.app.doctor.report import Examine
from tests.server import SHIPPED


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Examine:
    """Run the command in an empty folder with these settings; its exit status, and the findings of each check."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in os.environ:
        if name.startswith(("NUMERAL_", "OTEL_")):
            monkeypatch.delenv(name)

    def run(**environment: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
        settings = {"PORT": str(free_port()), "NUMERAL_OFFLINE": "0", "NUMERAL_SHIPPED_WEIGHTS_DIR": str(SHIPPED)}
        for name, value in (settings | environment).items():
            monkeypatch.setenv(name, value)
        status = doctor.main(["--json"])
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] == (status == 0)
        found: dict[str, list[dict[str, str]]] = {}
        for finding in report["findings"]:
            assert bool(finding["remedy"]) == (finding["state"] != "ok"), finding
            found.setdefault(finding["check"], []).append(finding)
        return status, found

    return run
