"""The robustness suite makes the same pictures for the same seed, and judges them as the service does."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier
from model.data.digits import Labelled, Splits
from model.data.fonts import LETTERS
from model.evaluation.robustness.conditions import Condition, Kind
from model.evaluation.robustness.redraw import center_line, redraw
from model.evaluation.robustness.suite import (
    EVERY_CONDITION,
    MEANS,
    RESULTS,
    ConditionResult,
    mean_accuracies,
    other_digits,
    read_under,
    result_of,
    run_suite,
)
from model.preprocessing.pipeline import read_digit


@pytest.fixture(scope="module")
def results(classifier: Classifier, embedded: Splits) -> dict[str, ConditionResult]:
    return {result.name: result for result in run_suite(classifier, embedded.test, seed=3, count=6)}


def by_name(name: str) -> Condition:
    return next(condition for condition in EVERY_CONDITION if condition.name == name)


def shown(name: str, digits: Labelled) -> Image.Image:
    data = by_name(name).build(digits.images[0][2:30, 2:30], np.random.default_rng(1))
    return Image.open(io.BytesIO(data))


def test_every_condition_is_measured_on_as_many_pictures(results: dict[str, ConditionResult]) -> None:
    assert {result.count for result in results.values()} == {6}
    assert set(results) >= {condition.name for condition in EVERY_CONDITION}
    assert {result.kind for result in results.values()} == set(Kind)


def test_what_is_no_digit_has_no_accuracy(results: dict[str, ConditionResult]) -> None:
    for result in results.values():
        assert (result.accuracy is None) == (result.kind == Kind.NO_DIGIT)


def test_the_means_are_those_of_the_groups_so_that_the_first_can_be_compared_with_earlier_versions() -> None:
    shares = {Kind.ENCODING: 1.0, Kind.WRITERS: 0.5, Kind.PAGE: 0.25, Kind.NO_DIGIT: None}
    made = [ConditionResult(kind, kind, 10, share, 0.5, 0.5, None) for kind, share in shares.items()]
    assert mean_accuracies(made) == {"digit alone": 0.75, "page": 0.25}
    assert {kind for kinds in MEANS.values() for kind in kinds} | {Kind.NO_DIGIT} == set(Kind)


def test_a_condition_of_some_digits_is_made_from_these_only(
    classifier: Classifier, embedded: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    condition = Condition("threes", Kind.PICTURE, lambda ink, random: seen.append(ink.tobytes()) or b"", labels=(3,))
    monkeypatch.setattr("model.evaluation.robustness.suite.EVERY_CONDITION", (condition,))
    (result, *_) = run_suite(classifier, embedded.test, count=10)
    threes = {image[2:30, 2:30].tobytes() for image in embedded.test.images[embedded.test.labels == 3]}
    assert result.count == len(seen) == 10 and set(seen) <= threes


def test_scikit_learn_s_digits_are_those_that_no_choice_was_made_with(embedded: Splits) -> None:
    name, kind, pictures = next(other_digits(seed=1))
    labels = [label for label, _ in pictures]
    assert name.startswith("scikit-learn") and kind == Kind.WRITERS
    assert labels == embedded.test.labels.tolist()


def test_blank_pages_are_refused(results: dict[str, ConditionResult]) -> None:
    assert results["blank"].refused == 1


@pytest.mark.parametrize("condition", EVERY_CONDITION, ids=lambda condition: condition.name)
def test_a_seed_fixes_every_picture(condition: Condition, embedded: Splits) -> None:
    ink = embedded.test.images[0][2:30, 2:30]
    first, again = (condition.build(ink, np.random.default_rng(5)) for _ in range(2))
    assert first == again


def test_conditions_have_names_of_their_own() -> None:
    assert len({condition.name for condition in EVERY_CONDITION}) == len(EVERY_CONDITION) == RESULTS - 3


def test_every_condition_sees_the_same_digits(
    classifier: Classifier, embedded: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[bytes]] = {"first": [], "second": []}

    def noting(name: str) -> Condition:
        return Condition(name, Kind.PICTURE, lambda ink, random: seen[name].append(ink.tobytes()) or b"no picture")

    monkeypatch.setattr("model.evaluation.robustness.suite.EVERY_CONDITION", tuple(map(noting, seen)))
    run_suite(classifier, embedded.test, seed=7, count=10)
    assert seen["first"] == seen["second"] and len(set(seen["first"])) == 10


def test_the_suite_judges_as_the_service_does(classifier: Classifier, embedded: Splits) -> None:
    """A cluttered page is refused, however much its main part looks like a digit."""
    clear = read_under(by_name("as MNIST has it"), embedded.test[:10], 1)
    cluttered = replace(clear, readings=[reading._replace(stray=1.0) for reading in clear.readings])
    assert result_of(classifier, "clear", Kind.ENCODING, clear).accepted > 0.5
    assert result_of(classifier, "cluttered", Kind.ENCODING, cluttered).accepted == 0


def test_a_digit_that_can_not_be_read_is_wrong_and_refused(classifier: Classifier, embedded: Splits) -> None:
    broken = Condition("broken", Kind.PICTURE, lambda ink, random: b"no picture")
    result = result_of(classifier, "broken", Kind.PICTURE, read_under(broken, embedded.test[:4], 1))
    assert (result.count, result.accuracy, result.refused, result.accuracy_when_accepted) == (4, 0, 1, None)


@pytest.mark.parametrize(("name", "levels"), [("black on white", 0), ("transparent", 26)])
def test_lossless_encodings_move_no_ink(name: str, levels: int, embedded: Splits) -> None:
    digits = embedded.test[:20]
    plain, encoded = (
        np.stack([reading.pixels for reading in read_under(by_name(each), digits, 1).readings]).astype(int)
        for each in ("as MNIST has it", name)
    )
    assert np.abs(plain - encoded).max() <= levels, "dark ink that is not black may be that much fainter"


def test_sizes_are_what_they_say(embedded: Splits) -> None:
    assert shown("8×8", embedded.test).size == (8, 8)
    assert shown("1500×1500", embedded.test).size == (1500, 1500)


def test_an_exif_rotated_file_is_stored_turned_and_read_upright(embedded: Splits) -> None:
    ink = embedded.test.images[0][2:30, 2:30]
    data = by_name("EXIF-rotated").build(ink, np.random.default_rng(1))
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] != 1
    read, plain = (read_digit(each).pixels.astype(int) for each in (data, by_name("black on white").build(ink, None)))
    assert np.abs(read - plain).mean() < 4


def test_a_line_stays_where_a_bar_was() -> None:
    bar = np.zeros((40, 30), bool)
    bar[5:35, 10:17] = True
    line = center_line(bar)
    assert line.sum(axis=1).max() == 1 and line.sum() > 20
    assert set(np.nonzero(line)[1]) <= {12, 13, 14}


def test_redrawn_strokes_are_as_wide_as_asked() -> None:
    ink = np.zeros((28, 28), np.uint8)
    ink[4:24, 12:16] = 255
    for radius in (3.0, 8.0):
        across = redraw(ink, 280, radius)[140]
        assert across.sum() == pytest.approx(2 * radius + 1, abs=3)


def test_letters_that_look_like_digits_are_left_out() -> None:
    assert not set(LETTERS) & set("OoQDIlZzSsBbGgqJ")
