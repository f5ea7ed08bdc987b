"""`numeral publish` publishes a file of weights, and activates it if that was asked for and the gate agrees."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model.cli.publish import main
from model.registry.store import Store
from tests.server import SHIPPED


@pytest.fixture
def file(offline_folder: None, tmp_path: Path) -> str:
    """The shipped weights, as a notebook saves them."""
    torch.save(load_file(SHIPPED / "1" / "weights.safetensors"), tmp_path / "net.pt")
    return "net.pt"


@pytest.mark.slow
def test_what_passes_the_gate_is_activated_where_asked_for(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([file, "--promote"]) == 0
    output = capsys.readouterr().out
    assert "Version 1, promoted" in output and "not normalized, deslanted" in output and "it refuses" in output
    assert Store(Path("weights")).current() == 1


@pytest.mark.slow
def test_it_waits_for_a_person_otherwise(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([file]) == 0
    assert "`numeral activate 1` makes it the current one" in capsys.readouterr().out
    store = Store(Path("weights"))
    assert store.versions() == [1] and not store.names_current()


@pytest.mark.slow
def test_what_the_gate_keeps_back_is_published_with_its_reasons(capsys: pytest.CaptureFixture[str], file: str) -> None:
    worse = load_file(SHIPPED / "1" / "weights.safetensors")
    worse["fc3.bias"][4] -= 20  # it reads no 4 any more
    torch.save(worse, "worse.pt")
    shutil.copytree(SHIPPED / "1", "weights/1")
    Store(Path("weights")).activate(1)
    assert main(["worse.pt", "--promote"]) == 0
    output = capsys.readouterr().out
    assert "Version 2, kept" in output and "Recall of 4 falls" in output and "`numeral activate 2`" in output
    assert Store(Path("weights")).current() == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (["nowhere.pt"], "nowhere.pt: No such file or directory"),
        (["empty.pt"], "empty.pt: is neither a file of torch.save nor safetensors"),
        (["net.pt", "--data", "nowhere"], "has neither"),
        (["net.pt", "--weights", "/proc/weights"], "/proc/weights can't be written"),
    ],
)
def test_what_can_not_be_published_is_one_clear_line(
    line: list[str], reason: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.pt").touch()
    assert main(line) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("numeral: ") and errors.count("\n") == 1 and reason in errors
    assert Store(Path("weights")).versions() == []
