"""`numeral train` publishes a complete version or none, and activates it if both the gate and the options allow it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.cli.publishing import activate
from model.cli.train import main
from model.errors import StoreError
from model.evaluation.gate import Decision
from model.registry.publish import BY_HAND, Published
from model.registry.store import Store
from tests.pictures import picture
from tests.server import SHIPPED, clean_environment, wait_until

PASSED = Decision(True, ["It reads better."])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Versions 1 and 2, none of them current."""
    made = Store(tmp_path / "weights")
    for _ in range(2):
        with made.publish({}) as draft:
            shutil.copy(SHIPPED / "1" / "model.onnx", draft)
    return made


def test_what_passed_the_gate_is_activated(store: Store) -> None:
    assert activate(store, Published(1, PASSED, None, {}), "auto") == PASSED
    assert store.current() == 1


@pytest.mark.parametrize(
    ("decision", "promote", "expected"),
    [
        (PASSED, "manual", Decision(False, ["It reads better.", BY_HAND])),
        (Decision(False, ["Worse."]), "auto", Decision(False, ["Worse."])),
    ],
)
def test_what_did_not_pass_or_is_to_wait_is_not(
    store: Store, decision: Decision, promote: str, expected: Decision
) -> None:
    store.activate(1)
    assert activate(store, Published(2, decision, 1, {}), promote) == expected
    assert store.current() == 1


def test_a_version_activated_after_the_gate_decided_stays(store: Store) -> None:
    store.activate(1)
    decision = activate(store, Published(2, PASSED, None, {}), "auto")
    assert not decision.promote and store.current() == 1
    assert decision.reasons[0] == "It reads better."
    assert decision.reasons[1].startswith("Not activated: version 1 became the current one")


def test_a_version_that_is_published_but_not_activated_is_told_so(store: Store) -> None:
    (store.root / "CURRENT").mkdir()
    with pytest.raises(StoreError, match=r"version 2 is published but not activated: .* can't be written"):
        activate(store, Published(2, PASSED, None, {}), "auto")
    assert store.verify(2)


def test_the_command_publishes_and_promotes_a_first_version(small_weights: Path) -> None:
    store = Store(small_weights)
    assert store.current() == 1
    manifest = store.verify(1)
    pictures = ["acceptance.png", "confusion.png", "hardest.png", "reliability.png"]
    assert sorted(manifest["files"]) == sorted(["model.onnx", "weights.safetensors", *pictures])
    assert manifest["metrics"]["test"]["accuracy"] > 0.8
    assert {"recipe", "data", "calibration", "acceptance", "gate", "made_with", "image_pipeline"} <= manifest.keys()


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model.train", "--epochs", "100000"]
    process = subprocess.Popen(
        command, env=clean_environment(), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: "epoch" in (process.stdout.readline() if process.stdout else ""))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and "nothing was published" in errors
    assert os.listdir(tmp_path / "weights") == []


@pytest.mark.slow
@pytest.mark.usefixtures("offline_folder")
def test_own_pictures_are_trained_on_beside_the_digits(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("mine/7")
    folder.mkdir(parents=True)
    for number in range(25):
        (folder / f"{number}.png").write_bytes(picture(number))
    (folder / "torn.png").write_bytes(picture(30)[:90])
    Path("mine/lost.png").write_bytes(picture(31))
    assert main(["--quick", "--epochs", "2", "--batch", "64", "--images", "mine"]) == 0
    output, errors = capsys.readouterr()
    assert "24 own pictures to train on, 1 held out to judge the new version; 2 not used" in output
    assert "7/torn.png: not used: " in errors and "1 without a label: lost.png" in errors
    manifest = Store(Path("weights")).manifest(1)
    counts = {part["source"]: part["count"] for part in manifest["data"]}
    assert counts["own pictures"] == 24 and counts["held-out own pictures"] == 1


@pytest.mark.usefixtures("offline_folder")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--data", "nowhere"], "has neither"),
        (["--epochs", "0"], "--epochs must be above 0"),
        (["--learning-rate", "nan"], "--learning-rate must be above 0"),
        (["--seed", "-1"], "--seed must be 0 or more"),
        (["--seed", "9223372036854775808"], "--seed must be 0 or more"),
        (["--quick", "--batch", "1"], "--batch must be above 1"),
        (
            ["--weights", "/proc/weights"],
            "/proc/weights can't be written: No such file or directory; choose another folder with --weights",
        ),
        (["--from", "current"], "no intact version"),
        (["--images", "nowhere"], "nowhere is not there: name a folder; put pictures into folders named 0–9"),
    ],
)
def test_what_can_not_be_trained_is_one_clear_line(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("numeral: ") and errors.count("\n") == 1 and reason in errors
