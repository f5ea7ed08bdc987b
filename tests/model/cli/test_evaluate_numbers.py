"""`numeral evaluate FOLDER --numbers` measures a version on pictures that are named after their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier
from model.cli.evaluate import main
from model.data.digits import Splits
from model.data.strings import compose
from model.errors import DataError
from model.evaluation.number_answers import NO_NUMBER
from model.evaluation.number_folder import answer_numbers, text_of
from model.numbers.reader import read_numbers
from model.preprocessing.pipeline import to_png
from tests.measuring import fill, measured

WHITE = to_png(np.full((60, 160), 255, np.uint8))


@pytest.fixture
def written(embedded: Splits) -> dict[str, bytes]:
    """Three pictures of numbers by their names."""
    files = {}
    for seed, length in enumerate((2, 5, 8)):
        chosen = embedded.test[np.random.default_rng(seed).integers(len(embedded.test), size=length)]
        ink = compose(chosen.images, np.random.default_rng(seed), height=40).ink
        files["".join(map(str, chosen.labels)) + f"_{seed}.png"] = to_png(255 - np.pad(ink, 30))
    return files


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("25441_07.jpg", "25441"),
        ("part/25441_07_b.jpg", "25441"),
        ("007_a.png", "007"),
        ("7_a.png", "7"),
        ("1" * 32 + "_a.png", "1" * 32),
        ("1" * 33 + "_a.png", None),
        ("25441.jpg", None),
        ("25441/a.jpg", None),
        ("none_a.png", None),
        ("25.441_a.png", None),
        ("-254_a.png", None),
        ("٢٥_a.png", None),
        ("²_a.png", None),
        ("_a.png", None),
    ],
)
def test_a_picture_shows_the_digits_that_its_name_begins_with(path: str, text: str | None) -> None:
    assert text_of(Path(path)) == text


def test_a_page_with_too_many_marks_counts_as_wrong(classifier: Classifier, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (600, 600), np.uint8)
    fill(tmp_path, {"12_noise.png": to_png(noise)})
    (answer,) = answer_numbers(classifier, tmp_path).answers
    assert (answer.read_lines, answer.accepted, answer.refusal) == ([], False, NO_NUMBER)


@pytest.mark.usefixtures("weights_in_use")
def test_every_picture_has_its_entry_and_the_figures_are_counts_of_them(
    written: dict[str, bytes], classifier: Classifier, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(Path("set"), written | {"12_blank.png": WHITE})
    results = measured("1", "set", "--numbers", "--pictures", "pictures")
    numbers, pictures = results["numbers"], {each["file"]: each for each in results["pictures"]}
    assert set(pictures) == {*written, "12_blank.png"} and numbers["count"] == numbers["numbers"] == 4
    for name, content in written.items():
        read = read_numbers(content, classifier)
        assert pictures[name]["text"] == name.split("_")[0]
        assert pictures[name]["read"] == read.text.replace(" ", "").replace("\n", "")
        assert pictures[name]["accepted"] == (pictures[name]["reason"] is None)
    assert (pictures["12_blank.png"]["read"], pictures["12_blank.png"]["accepted"]) == ("", False)
    right = [each["text"] == each["read"] for each in results["pictures"]]
    assert numbers["accuracy"] == sum(right) / 4
    assert numbers["accepted"] == sum(each["accepted"] for each in results["pictures"]) / 4
    assert sum(numbers["refused"].values()) == 4 - 4 * numbers["accepted"]
    times = sorted(each["milliseconds"] for each in results["pictures"])
    assert numbers["milliseconds"] == pytest.approx((times[1] + times[2]) / 2) and times[0] > 0
    with Image.open("pictures/failures.png") as sheet:
        assert sheet.width == 1600 and sheet.mode == "P"  # of few colors
    shown = capsys.readouterr()
    rows = [line.replace("│", " ").split() for line in shown.out.splitlines()]
    assert "Version 1, measured on set" in shown.out and not shown.err
    for row in ("count 4", f"numbers right {numbers['accuracy']:.2%}", f"accepted {numbers['accepted']:.2%}"):
        assert row.split() in rows
    assert any(row[:2] == ["milliseconds,", "median"] for row in rows)


@pytest.mark.usefixtures("weights_in_use")
def test_what_can_not_be_measured_is_named_and_the_rest_is_measured(
    written: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(Path("set"), written | {"12_cut.png": WHITE[:60], "13_empty.jpg": b"", "loose.png": WHITE, "7/a.png": WHITE})
    results = measured("set", "--numbers")
    assert results["numbers"]["count"] == len(results["pictures"]) == 3
    assert set(results["unreadable"]) == {"12_cut.png", "13_empty.jpg"}
    assert sorted(results["unlabelled"]) == ["7/a.png", "loose.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("12_cut.png: not measured: The image")
    assert lines[1] == "13_empty.jpg: not measured: The image is empty." and lines[2].startswith("2 without a label: ")


def test_progress_counts_every_picture_of_a_number(
    classifier: Classifier, tmp_path: Path, written: dict[str, bytes]
) -> None:
    fill(tmp_path, written | {"12_empty.png": b""})
    steps: list[tuple[int, int]] = []
    answers = answer_numbers(classifier, tmp_path, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)] and len(answers.seconds) == len(answers.answers) == 3
    with pytest.raises(DataError, match="is not there"):
        answer_numbers(classifier, tmp_path / "nothing")


@pytest.mark.usefixtures("weights_in_use")
@pytest.mark.parametrize(
    ("files", "arguments", "reason"),
    [
        ({}, ["set"], "set is not there: name a folder; name each picture after its number"),
        ({"set/a.txt": b""}, ["set"], "set: there is no picture in it; name each picture after its number"),
        ({"set/a.png": WHITE}, ["set"], "set: none of its 1 pictures has a label; name each picture after its number"),
        ({"set/12_a.png": b"x"}, ["set"], "set: no picture of a number can be read, as 12_a.png: "),
        ({"set/12_a.png": WHITE}, ["9", "set"], "has no version 9"),
        ({"set/12_a.png": WHITE}, ["set", "--count", "5"], "--count is for MNIST's digits"),
        ({"set/12_a.png": WHITE}, ["set", "--digits", "2"], "--digits is for MNIST's digits"),
        ({"set/12_a.png": WHITE}, ["set", "--data", "mnist"], "--data is for MNIST's digits"),
    ],
)
def test_what_can_not_be_measured_at_all_is_one_line_that_says_what_to_do(
    files: dict[str, bytes], arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(Path(), files)
    assert main([*arguments, "--numbers"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("numeral: ") and shown.err.count("\n") == 1 and reason in shown.err
    assert not shown.out


@pytest.mark.usefixtures("weights_in_use")
def test_a_folder_of_numbers_without_the_option_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    fill(Path("set"), {"25441_a.png": WHITE})
    assert main(["set"]) == 1
    assert "--numbers is for numbers: 25441_a.png" in capsys.readouterr().err
