"""`numeral evaluate FOLDER` measures a version on labelled pictures, and names what it can't measure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model.cli.evaluate import main
from model.cli.options import targets
from model.errors import ModelError
from model.evaluation.reports.failures import failure_sheet
from model.preprocessing.pipeline import to_png
from tests.measuring import fill, measured
from tests.pictures import draw_seven
from tests.server import clean_environment

WHITE = to_png(np.full((60, 60), 255, np.uint8))


@pytest.mark.usefixtures("weights_in_use")
def test_labels_come_from_the_inmost_folder_with_a_label_or_else_from_the_name(seven: bytes) -> None:
    sevens = ["7/a.png", "7_b.png", "2/writers/7/anna/c.PNG", "7/2_d.png", "part_1/7_e_2.png"]
    others = ["none/a.png", "None_b.png", "7/none/c.png"]
    unlabelled = ["a.png", "77_b.png", "10/c.png", "seven_7.png"]
    fill(Path("set"), dict.fromkeys(sevens, seven) | dict.fromkeys(others, WHITE) | dict.fromkeys(unlabelled, seven))
    fill(Path("set"), {"7/notes.txt": b"no picture", "7/.hidden.png": b""})
    results = measured("set")
    assert (results["digits"]["count"], results["digits"]["recall"][7], results["none"]["count"]) == (5, 1.0, 3)
    assert sorted(results["unlabelled"]) == sorted(unlabelled) and not results["unreadable"]


@pytest.mark.usefixtures("weights_in_use")
def test_every_figure_is_a_count_of_pictures(seven: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    fill(Path("set"), {"7/a.png": seven, "7/b.png": seven, "2/wrong.png": seven, "3/blank.png": WHITE})
    fill(Path("set"), {"none/blank.png": WHITE, "none/accepted.png": seven})
    results = measured("1", "set")
    digits, others = results["digits"], results["none"]
    assert (digits["accuracy"], digits["accepted"], digits["accuracy_when_accepted"]) == (0.5, 0.75, 2 / 3)
    assert (digits["blank"], digits["recall"][:4]) == (0.25, [None, None, 0.0, 0.0])
    assert digits["calibration_error"] == pytest.approx(1 / 3, abs=0.01), "sure of three sevens, right about two"
    assert digits["confusion"][2][7] == 1 and digits["confusion"][7][7] == 2 and np.sum(digits["confusion"]) == 3
    assert digits["refused"] == others["refused"] == {"blank-image": 1}
    assert (others["count"], others["accepted"]) == (2, 0.5)
    assert [(each["file"], each["label"], each["digit"]) for each in results["failures"]] == [
        ("2/wrong.png", 2, 7),
        ("none/accepted.png", "none", 7),
        ("3/blank.png", 3, None),
    ]
    shown = capsys.readouterr()
    rows = [line.replace("│", " ").split() for line in shown.out.splitlines()]
    assert "Version 1, measured on set" in shown.out and not shown.err
    for row in ("count 4 2", "accuracy 50.00%", "accepted 75.00% 50.00%", "taken for blank 25.00%", "refused 50.00%",
                "recall of 7 100.00%", "refused: blank-image 1 1"):  # fmt: skip
        assert row.split() in rows


@pytest.mark.usefixtures("weights_in_use")
def test_what_can_not_be_measured_is_named_and_the_rest_is_measured(
    seven: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(Path("set"), {"7/a.png": seven, "7/cut.png": seven[:60], "none/empty.jpg": b"", "loose.png": seven})
    results = measured("set")
    assert (results["digits"]["count"], results["digits"]["accuracy"], results["none"]) == (1, 1.0, None)
    assert set(results["unreadable"]) == {"7/cut.png", "none/empty.jpg"} and results["unlabelled"] == ["loose.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("7/cut.png: not measured: The image")
    assert lines[1:] == ["none/empty.jpg: not measured: The image is empty.", "1 without a label: loose.png"]


@pytest.mark.usefixtures("weights_in_use")
def test_a_folder_that_can_not_be_listed_is_named(seven: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(Path("set"), {"7/a.png": seven})
    walk = os.walk

    def refusing(folder: Path, onerror: Any) -> Any:
        onerror(PermissionError(13, "Permission denied", str(folder / "locked")))
        return walk(folder, onerror=onerror)

    monkeypatch.setattr(os, "walk", refusing)
    assert measured("set")["unreadable"] == {"locked": "Permission denied"}


@pytest.mark.usefixtures("weights_in_use")
@pytest.mark.parametrize(
    ("files", "arguments", "reason"),
    [
        ({}, ["set"], "set is not there: name a folder; put pictures into folders named 0–9 or none, or begin"),
        ({"set": b""}, ["set"], "set is a file: name a folder"),
        ({"set/notes.txt": b""}, ["set"], "set: there is no picture in it; put pictures into"),
        ({"set/a.png": WHITE, "set/b.png": WHITE}, ["set"], "set: none of its 2 pictures has a label; put pictures"),
        ({"set/7_a.png": b"x"}, ["set"], "set: no labelled picture can be read, as 7_a.png: "),
        ({"set/7_a.png": WHITE}, ["set", "other"], "one version and one folder at most"),
        ({"set/7_a.png": WHITE}, ["1", "1"], "one version and one folder at most"),
        ({"set/7_a.png": WHITE}, ["9", "set"], "has no version 9"),
        ({"set/7_a.png": WHITE}, ["set", "--suite"], "--suite is for MNIST's digits"),
        ({"set/7_a.png": WHITE}, ["set", "--data", "mnist"], "--data is for MNIST's digits"),
        ({"set/7_a.png": WHITE}, ["set", "--pictures", "/proc/pictures"], "/proc/pictures can't be made"),
        ({"set/7_a.png": WHITE}, ["set", "--json", "set"], "set is a folder: name a file for --json"),
    ],
)
def test_what_can_not_be_measured_at_all_is_one_line_that_says_what_to_do(
    files: dict[str, bytes], arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(Path(), files)
    before = sorted(Path().rglob("*"))
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("numeral: ") and shown.err.count("\n") == 1 and reason in shown.err
    assert not shown.out and sorted(Path().rglob("*")) == before


def test_digits_alone_are_a_version_and_all_else_is_a_folder() -> None:
    assert targets([]) == (None, None)
    assert targets(["2"]) == (2, None)
    assert targets(["2", "set"]) == targets(["set", "2"]) == (2, Path("set"))
    assert targets(["./7"]) == (None, Path("7"))
    with pytest.raises(ModelError):
        targets(["2", "3"])


def test_neither_mnist_nor_the_network_is_needed(weights_in_use: Path, seven: bytes) -> None:
    fill(Path("set"), {"7/a.png": seven})
    environment = clean_environment() | {"NUMERAL_WEIGHTS_DIR": str(weights_in_use), "NUMERAL_DATA_DIR": "no-mnist"}
    command = [sys.executable, "-m", "app", "evaluate", "set"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Version 1, measured on set" in done.stdout and "100.00%" in done.stdout and not done.stderr


@pytest.mark.usefixtures("weights_in_use")
def test_the_sheet_of_failures_shows_each_failure(seven: bytes) -> None:
    names = ["2/a.png", "2/$x_{y$.png", "2/\tü.png", "none/七.png", "none/" + "long" * 30 + ".png"]
    fill(Path("set"), dict.fromkeys(names, seven) | {"7/right.png": seven, "7/blank.png": WHITE})
    fill(Path("set"), {os.fsdecode(b"2/\xff.png"): seven})
    wide = to_png(np.asarray(draw_seven(200).resize((300, 90))))
    sheets = []
    for content in (seven, seven, wide):
        fill(Path("set"), {"2/a.png": content})
        assert len(measured("set", "--pictures", "pictures")["failures"]) == 7
        sheets.append(Path("pictures/failures.png").read_bytes())
    assert sheets[0] == sheets[1] != sheets[2]
    with Image.open("pictures/failures.png") as sheet:
        assert sheet.size == (1600, 768) and 0.05 < (np.asarray(sheet.convert("L")) < 200).mean() < 0.5


@pytest.mark.usefixtures("weights_in_use")
def test_a_sheet_without_failures_says_so(seven: bytes) -> None:
    fill(Path("set"), {"7/a.png": seven, "none/blank.png": WHITE})
    assert measured("set", "--pictures", "pictures")["failures"] == []
    with Image.open("pictures/failures.png") as sheet:
        assert sheet.width == 1600
    title, subtitle = failure_sheet("set", [], 2).texts
    assert title.get_text() == "0 of 2 answers fail" and subtitle.get_text().startswith("set: ")


@pytest.mark.usefixtures("weights_in_use")
def test_a_folder_may_have_any_name(seven: bytes) -> None:
    fill(Path("a$x_{y$ 七"), {"2/a.png": seven})
    assert len(measured("a$x_{y$ 七", "--pictures", "pictures")["failures"]) == 1
