"""What the doctor finds about rights, room, the clock, and the integrity of versions."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.doctor import storage
from tests.app.doctor.report import Examine, states, worst
from tests.server import SHIPPED


@pytest.mark.parametrize("name", ["NUMERAL_WEIGHTS_DIR", "NUMERAL_DATABASE_URL"])
def test_a_file_where_a_folder_should_be_is_found(examine: Examine, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    value = f"{tmp_path}/file/within"
    status, found = examine(**{name: f"sqlite:///{value}/numeral.db" if "URL" in name else value})
    assert status == 1 and value in worst(found["rights"])["detail"]


def test_a_read_only_folder_is_found_and_its_owner_named(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, *_, **__: Path(path).name != "work" and access(path, os.R_OK))
    status, found = examine(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/numeral.db")
    assert status == 1 and worst(found["rights"])["remedy"].startswith("give that user the folder: chown -R")


def test_a_damaged_version_is_named_and_fails_only_if_none_is_left(examine: Examine, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(SHIPPED / "1", weights / "1")
    (weights / "2").mkdir()
    (weights / "2/manifest.json").write_text("{}")
    (weights / "CURRENT").write_text("1\n")
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 0 and "version 2" in worst(found["versions"])["detail"]
    (weights / "1/model.onnx").write_bytes(b"rubbish")
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 1 and "failing" in states(found["versions"]) and states(found["prediction"]) == {"failing"}
    assert any("model.onnx is damaged" in finding["detail"] for finding in found["versions"])


def test_without_any_version_it_says_so(examine: Examine) -> None:
    status, found = examine(NUMERAL_SHIPPED_WEIGHTS_DIR="nowhere")
    assert status == 1 and states(found["versions"]) == {"failing"} and states(found["clock"]) == {"ok"}


@pytest.mark.parametrize(("free", "state"), [(99e6, "failing"), (999e6, "warning"), (1001e6, "ok")])
def test_little_room_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    status, found = examine()
    assert states(found["disk"]) == {state} and status == (state == "failing")


def test_a_clock_before_the_newest_training_is_told(examine: Examine, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(SHIPPED / "1", weights / "1")
    manifest = json.loads((weights / "1/manifest.json").read_text()) | {"created_at": "2999-01-01T00:00:00Z"}
    (weights / "1/manifest.json").write_text(json.dumps(manifest))
    status, found = examine(NUMERAL_WEIGHTS_DIR=str(weights))
    assert status == 1 and "NTP" in worst(found["clock"])["remedy"]
