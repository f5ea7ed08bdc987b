"""Installed without the extra `train`, as in the image's target `serve`: it serves, and says what training needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.main import TRAIN_EXTRA
from tests.client import check_problem
from tests.server import REPOSITORY, SHIPPED, Server, clean_environment


@pytest.fixture
def without_torch(tmp_path: Path) -> str:
    """A PYTHONPATH with which none of the extra's modules can be imported."""
    (tmp_path / "hidden").mkdir()
    lines = ["import sys", *(f"sys.modules[{name!r}] = None" for name in sorted(TRAIN_EXTRA))]
    (tmp_path / "hidden/sitecustomize.py").write_text("\n".join(lines))
    return f"{tmp_path}/hidden:{REPOSITORY}"


def test_it_serves_and_says_that_it_can_not_retrain(
    start_server: Callable[..., Server], without_torch: str, seven: bytes
) -> None:
    server = start_server(PYTHONPATH=without_torch)
    assert server.client.post("/predict", content=seven).json()["digit"] == 7
    check_problem(server.admin.post("/admin/retrain"), 501, "training-not-installed")
    assert server.admin.get("/admin/jobs").json()["total"] == 0
    assert "numeral[train]" in server.client.get("/problems/training-not-installed").json()["remedy"]


@pytest.mark.parametrize("command", [["train", "--quick"], ["evaluate"]], ids=str)
def test_a_command_that_needs_torch_says_so_in_one_line(without_torch: str, tmp_path: Path, command: list[str]) -> None:
    environment = clean_environment(PYTHONPATH=without_torch, NUMERAL_WEIGHTS_DIR=str(SHIPPED))
    line = [sys.executable, "-m", "app", *command]
    ended = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1
    assert f"`numeral {command[0]}` needs " in ended.stderr and "numeral[train]" in ended.stderr


@pytest.mark.parametrize("command", ["predict", "read"])
def test_reading_files_needs_none_of_it(without_torch: str, tmp_path: Path, command: str) -> None:
    environment = clean_environment(PYTHONPATH=without_torch, NUMERAL_WEIGHTS_DIR=str(SHIPPED))
    picture = REPOSITORY / "tests/images/seven.jpg"
    line = [sys.executable, "-m", "app", command, str(picture)]
    ended = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 0 and ": 7  " in ended.stdout
