"""Reports: pictures depend on their input alone, and `numeral evaluate` prints, draws and writes the results."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier, Scores
from model.cli.evaluate import main
from model.data.digits import Labelled, Splits
from model.evaluation.metrics import Acceptance
from model.evaluation.number_answers import NumberAnswer
from model.evaluation.reports.charts import AcceptanceCurve
from model.evaluation.reports.numbers import sheet, write_hardest_numbers
from model.evaluation.reports.pictures import hardest, outcomes, write_conditions, write_pictures
from model.evaluation.robustness.conditions import Kind
from model.evaluation.robustness.numbers import NUMBER_CONDITIONS
from model.evaluation.robustness.suite import RESULTS, ConditionResult
from model.evaluation.scoring import evaluate
from model.numbers.result import Number, NumbersOnPage
from model.preprocessing.decoding.page import Box
from model.preprocessing.pipeline import to_png

FOUR = ["acceptance.png", "confusion.png", "hardest.png", "reliability.png"]
ACCEPTANCE = Acceptance(min_confidence=0.6, min_score=-1e9)
RESULT = ConditionResult("blurred", Kind.PICTURE, 40, 0.9, 0.8, 0.2, 0.95)
NO_DIGIT = ConditionResult("icons", Kind.NO_DIGIT, 40, None, 0.3, 0.7, None)


@pytest.fixture(scope="module")
def scores(small_weights: Path, embedded: Splits) -> Scores:
    return evaluate(Classifier.load(small_weights / "1"), embedded.test)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def check_picture(path: Path, highest: int = 2600) -> None:
    with Image.open(path) as picture:
        assert picture.format == "PNG" and not picture.info.get("Software")
        assert picture.width == 1600 and 800 <= picture.height <= highest
        pixels = np.asarray(picture.convert("L"))
    assert (pixels[0] == 255).all() and 0.01 < (pixels < 255).mean() < 0.9


def test_the_pictures_of_a_version_are_a_function_of_how_it_reads(
    embedded: Splits, scores: Scores, tmp_path: Path
) -> None:
    drawn = {}
    for name, digits in (("first", embedded.test), ("again", embedded.test), ("other", swapped(embedded.test))):
        (tmp_path / name).mkdir()
        write_pictures(tmp_path / name, digits, scores, ACCEPTANCE)
        drawn[name] = contents(tmp_path / name)
    assert sorted(drawn["first"]) == FOUR
    assert drawn["first"] == drawn["again"]
    assert all(drawn["first"][name] != drawn["other"][name] for name in FOUR)
    for name in FOUR:
        check_picture(tmp_path / "first" / name)


def swapped(digits: Labelled) -> Labelled:
    """The digits with the labels 1 and 7 swapped."""
    names = np.arange(10)
    names[[1, 7]] = 7, 1
    return replace(digits, labels=names[digits.labels])


def test_the_picture_of_the_conditions_is_a_function_of_the_results(tmp_path: Path) -> None:
    drawn = []
    for result in (RESULT, RESULT, replace(RESULT, accuracy=0.8)):
        write_conditions(tmp_path, [result, NO_DIGIT])
        drawn.append((tmp_path / "conditions.png").read_bytes())
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_version_that_reads_nothing_or_everything_right_can_be_drawn(
    share: float, embedded: Splits, tmp_path: Path
) -> None:
    digits = embedded.test[:30]
    logits = np.eye(10, dtype=np.float32)[(digits.labels + (share == 0)) % 10]
    write_pictures(tmp_path, digits, Scores(logits, logits, logits.max(axis=1)), ACCEPTANCE)
    write_pictures(tmp_path, digits, Scores(logits, logits, logits.max(axis=1)), Acceptance(0.5, 1e9))
    assert sorted(contents(tmp_path)) == FOUR


def test_the_hardest_are_the_misread_from_the_surest_on_then_the_least_sure() -> None:
    confidence = np.array([0.9, 0.5, 0.6, 0.99, 0.7], np.float32)
    right = np.array([True, False, True, True, False])
    assert hardest(confidence, right).tolist() == [4, 1, 2, 0, 3]


def test_the_outcomes_of_a_condition_are_shares_of_all_its_pictures() -> None:
    assert outcomes(RESULT) == pytest.approx((0.76, 0.14, 0.06, 0.04))
    assert outcomes(NO_DIGIT) == pytest.approx((0, 0, 0.7, 0.3))


def test_the_acceptance_curve_goes_through_what_each_threshold_does() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    curve = AcceptanceCurve(probabilities, np.array([1.0, 1.0, 1.0, -1.0]), np.array([0, 1, 0, 0]), min_score=0.0)
    assert curve.at(0.0) == pytest.approx((3 / 4, 2 / 3))
    assert curve.at(float(confidence[1])) == pytest.approx((2 / 4, 1 / 2))
    assert curve.at(0.85) == (1 / 4, 1.0)
    assert curve.at(0.95) == (0.0, 1.0)


@pytest.fixture
def offline(offline_folder: None, monkeypatch: pytest.MonkeyPatch, small_weights: Path) -> None:
    """The same, with the small version in use."""
    monkeypatch.setenv("NUMERAL_WEIGHTS_DIR", str(small_weights))


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
def test_the_suite_is_printed_drawn_and_written(capsys: pytest.CaptureFixture[str], small_weights: Path) -> None:
    assert main(["1", "--suite", "--count", "3", "--json", "new/results.json", "--pictures", "pictures"]) == 0
    written = json.loads(Path("new/results.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert written["version"] == 1 and written["suite"]["count"] == 3
    assert len(written["suite"]["conditions"]) == RESULTS
    assert np.sum(written["confusion"]) == written["metrics"]["test"]["count"] == 300
    manifest = json.loads((small_weights / "1" / "manifest.json").read_text())
    assert written["metrics"] == manifest["metrics"] and written["acceptance"] == manifest["acceptance"]
    assert written["numbers"]["count"] == 1 and len(written["numbers"]["conditions"]) == len(NUMBER_CONDITIONS)
    assert sorted(contents(Path("pictures"))) == sorted([*FOUR, "conditions.png", "numbers.png"])
    check_picture(Path("pictures/conditions.png"), 3600)
    shown = capsys.readouterr()
    assert shown.err.count("measured: ") == RESULTS + len(NUMBER_CONDITIONS)
    for part in ("suite", "numbers"):
        assert all(row["name"] in shown.out for row in written[part]["conditions"])
    last = [line for line in shown.out.splitlines() if line.strip().startswith("mean: ")]
    means = written["suite"]["mean_accuracy"]
    assert list(means) == ["digit alone", "page", "hands"]
    assert all(name in line and f"{share:.2%}" in line for (name, share), line in zip(means.items(), last, strict=True))


@pytest.mark.usefixtures("offline")
def test_without_the_suite_there_is_no_word_of_it_and_the_pictures_are_those_published(small_weights: Path) -> None:
    assert main(["--pictures", "pictures", "--json", "results.json"]) == 0
    drawn, published = contents(Path("pictures")), contents(small_weights / "1")
    assert drawn == {name: published[name] for name in FOUR}
    written = json.loads(Path("results.json").read_text("utf-8"))
    assert written["suite"] is None and written["numbers"] is None


@pytest.mark.slow
@pytest.mark.usefixtures("offline")
def test_numbers_are_measured_by_themselves_of_any_length_or_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--numbers", "--count", "2", "--json", "any.json", "--pictures", "pictures"]) == 0
    assert main(["1", "--numbers", "--count", "2", "--digits", "5", "--json", "five.json"]) == 0
    of_any, five = (json.loads(Path(f"{name}.json").read_text("utf-8")) for name in ("any", "five"))
    assert set(of_any) == {"version", "numbers"} and (of_any["numbers"]["length"], five["numbers"]["length"]) == (
        None,
        5,
    )
    for written in (of_any, five):
        assert [row["count"] for row in written["numbers"]["conditions"]] == [2] * len(NUMBER_CONDITIONS)
    assert list(contents(Path("pictures"))) == ["numbers.png"]
    shown = capsys.readouterr()
    assert shown.err.count("measured: ") == 2 * len(NUMBER_CONDITIONS) and "recall" not in shown.out
    assert all(condition.name in shown.out for condition in NUMBER_CONDITIONS)


def test_the_sheet_of_numbers_shows_what_is_there_and_what_was_read(tmp_path: Path) -> None:
    box = Box(0, 0, 5, 5)
    numbers = [Number(text, 0.9, True, None, box, 0, [], []) for text in ("25447", "1" * 32)]
    page = to_png(np.full((40, 120), 200, np.uint8))
    wrong = [
        NumberAnswer("on a check 1", page, "25441", NumbersOnPage(numbers[:1])),
        NumberAnswer("on a check 2", b"no picture", "25441", NumbersOnPage(numbers[1:])),
        NumberAnswer("blank", page, "25441", None),
        NumberAnswer("nothing", page, "25441", NumbersOnPage([])),
        NumberAnswer("a page", page, "25447\n12", NumbersOnPage(numbers[:1])),
    ]
    texts = [text.get_text() for text in sheet("The hardest numbers", "Of the suite", wrong).texts]
    outcomes = ["25441 → 25447", "25441 → 11111111…", "25441 → blank", "25441 → nothing", "1 of 2 lines right"]
    assert [text for text in texts if text in outcomes] == outcomes
    assert texts.count("accepted") == 3 and "blank-image" in texts and "90 %" in texts and "a page" in texts
    for answers in (wrong, wrong, []):
        write_hardest_numbers(tmp_path, answers)
        with Image.open(tmp_path / "numbers.png") as picture:
            assert picture.width == 1600


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--suite", "--count", "0"], "--count must be at least 1"),
        (["--count", "5"], "--count is for the suite: give --suite or --numbers"),
        (["--digits", "5"], "--digits is for numbers: give --numbers"),
        (["--suite", "--digits", "5"], "--digits is for numbers: give --numbers"),
        (["--numbers", "--digits", "0"], "--digits must be 1 to 8"),
        (["--numbers", "--digits", "9"], "--digits must be 1 to 8"),
        (["--numbers", "--count", "0"], "--count must be at least 1"),
        (["--numbers", "--suite"], "--suite measures numbers, too"),
        (["--pictures", "/proc/pictures"], "/proc/pictures can't be made"),
        (["--json", "/proc/results/results.json"], "/proc/results can't be made"),
        (["--json", "."], ". is a folder"),
        (["0"], "has no version 0"),
    ],
)
def test_what_can_not_be_evaluated_is_one_clear_line(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("numeral: ") and shown.err.count("\n") == 1 and reason in shown.err
    assert not shown.out


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("option", ["--suite", "--pictures=pictures"])
def test_what_needs_an_extra_says_so(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("model.cli.evaluate.find_spec", lambda package: None)
    assert main([option]) == 1
    assert "comes with numeral[train]" in capsys.readouterr().err
