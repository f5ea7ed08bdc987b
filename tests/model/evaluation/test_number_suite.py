"""The suite's numbers show the digits that they were made from; the same for the same seed; and are counted right."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from model.classifier import Classifier
from model.data.digits import Splits
from model.evaluation.number_answers import NumberAnswer
from model.evaluation.robustness.canvas import Share, repeated
from model.evaluation.robustness.checks import base_line, pattern
from model.evaluation.robustness.marks import ENDS, amount, mark
from model.evaluation.robustness.number_suite import answers_under, run_number_suite, some_numbers, surest_of_each
from model.evaluation.robustness.numbers import (
    LONGEST,
    NUMBER_CONDITIONS,
    PAGE_DIGITS,
    PAGE_LINES,
    NumberCondition,
    framed,
    turned,
)
from model.evaluation.robustness.suite import SEED
from model.numbers.result import Number, NumbersOnPage
from model.preprocessing.decoding.page import Box

PAGE = NUMBER_CONDITIONS[-1]


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def picture(condition: NumberCondition, embedded: Splits, seed: int = 1, length: int = 5) -> bytes:
    chosen = embedded.test.images[: (condition.length or length) * condition.lines]
    return condition.build(chosen, random(seed))


@pytest.mark.parametrize("condition", NUMBER_CONDITIONS, ids=lambda condition: condition.name)
def test_a_seed_fixes_every_picture_of_numbers(condition: NumberCondition, embedded: Splits) -> None:
    first, again, other = (picture(condition, embedded, seed) for seed in (3, 3, 4))
    assert first == again != other


@pytest.mark.parametrize("condition", NUMBER_CONDITIONS, ids=lambda condition: condition.name)
@pytest.mark.parametrize("length", [1, LONGEST])
def test_a_picture_of_numbers_has_ink_within_its_paper(
    condition: NumberCondition, length: int, embedded: Splits
) -> None:
    gray = np.asarray(Image.open(io.BytesIO(picture(condition, embedded, 2, length))).convert("L"), np.float32)
    assert min(gray.shape) > 20 and max(gray.shape) < 1500
    assert 0.0004 < (gray < np.median(gray) - 30).mean() < 0.5


def test_conditions_of_numbers_have_names_of_their_own() -> None:
    assert len({condition.name for condition in NUMBER_CONDITIONS}) == len(NUMBER_CONDITIONS)


def test_numbers_have_one_to_eight_digits_or_as_many_as_asked_and_are_the_same_under_every_condition(
    embedded: Splits,
) -> None:
    first, second, page = NUMBER_CONDITIONS[0], NUMBER_CONDITIONS[1], PAGE
    any_length = list(some_numbers(embedded.test, first, 5, 200, None))
    assert {len(chosen) for chosen in any_length} == set(range(1, LONGEST + 1))
    for chosen, again in zip(any_length, some_numbers(embedded.test, second, 5, 200, None), strict=True):
        assert (chosen.images == again.images).all()
    assert {len(chosen) for chosen in some_numbers(embedded.test, first, 5, 20, 5)} == {5}
    assert {len(chosen) for chosen in some_numbers(embedded.test, page, 5, 3, 5)} == {PAGE_LINES * PAGE_DIGITS}


def test_the_text_of_an_answer_is_that_of_the_picture_s_digits(classifier: Classifier, embedded: Splits) -> None:
    for condition in (NUMBER_CONDITIONS[0], PAGE):
        (answer,) = answers_under(classifier, condition, embedded.test, 5, 1, None)
        (chosen,) = some_numbers(embedded.test, condition, 5, 1, None)
        assert answer.text.replace("\n", "") == "".join(map(str, chosen.labels))
        assert len(answer.lines) == condition.lines and len({len(line) for line in answer.lines}) == 1
        assert answer.read is not None and Image.open(io.BytesIO(answer.file)).width > 20


def test_a_picture_that_can_not_be_read_is_wrong_and_refused(classifier: Classifier, embedded: Splits) -> None:
    broken = NumberCondition("broken", lambda images, random: b"no picture")
    seen: list[str] = []
    results = run_number_suite(
        classifier, embedded.test, count=4, length=3, conditions=[broken], on_result=seen.append
    )  # fmt: skip
    metrics = results.metrics["broken"]
    assert (metrics.count, metrics.numbers, metrics.accuracy, metrics.digit_accuracy) == (4, 4, 0, 0)
    assert metrics.refused == {"blank-image": 4} and seen == ["broken"]
    assert {answer.name for answer in results.hardest} == {f"broken {index}" for index in range(4)}


def test_the_hardest_are_the_wrong_answers_of_all_conditions(classifier: Classifier, embedded: Splits) -> None:
    broken = NumberCondition("broken", lambda images, random: b"no picture")
    conditions = [broken, NUMBER_CONDITIONS[0], PAGE]
    results = run_number_suite(classifier, embedded.test, SEED, 4, conditions=conditions)
    assert list(results.metrics) == [condition.name for condition in conditions]
    answers = [one for each in conditions for one in answers_under(classifier, each, embedded.test, SEED, 4, None)]
    wrong = surest_of_each([answer for answer in answers if not answer.is_right])
    assert [answer.name for answer in results.hardest] == [answer.name for answer in wrong]
    assert {answer.name.split()[0] for answer in wrong} >= {"broken", "page"} and len(wrong) < len(answers)


def test_each_line_of_a_page_is_a_number(classifier: Classifier, embedded: Splits) -> None:
    empty = replace(PAGE, build=lambda images, random: b"")
    assert run_number_suite(classifier, embedded.test, count=1, conditions=[empty]).metrics[PAGE.name].numbers == 10


def test_a_number_is_among_the_hardest_once_by_its_surest_answer() -> None:
    def read(text: str, confidence: float, name: str) -> NumberAnswer:
        number = Number("0", confidence, True, None, Box(0, 0, 1, 1), 0, [], [])
        return NumberAnswer(name, b"", text, NumbersOnPage([number]))

    answers = [read("12", 0.5, "a"), read("12", 0.9, "b"), read("34", 0.7, "c"), read("56", 0.95, "d")]
    assert [answer.name for answer in surest_of_each(answers)] == ["d", "b", "c"]


def test_a_photo_shows_the_whole_number() -> None:
    """The digits are as many dark pieces as there are digits, wherever the sheet is tilted to."""
    bars = np.zeros((8, 32, 32), np.uint8)
    bars[:, 6:26, 12:18] = 255
    build = next(condition for condition in NUMBER_CONDITIONS if condition.name == "photo of a number").build
    for seed in range(10):
        gray = np.asarray(Image.open(io.BytesIO(build(bars, random(seed)))).convert("L"))
        ink = cv2.morphologyEx(cv2.medianBlur(gray, 3), cv2.MORPH_BLACKHAT, np.ones((41, 41), np.uint8)) > 35
        _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
        whole = [stat for stat in stats[1:].tolist() if stat[4] > 40]
        assert len(whole) == 8
        heights = [stat[3] for stat in whole]
        assert min(heights) > 0.7 * max(heights) > 12


def inked(share: Share) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is inked."""
    rows, columns = np.nonzero(share > 0.5)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_an_amount_has_a_point_before_each_three_digits() -> None:
    bars = np.zeros((7, 32, 32), np.uint8)
    bars[:, 6:26, 12:18] = 255
    low = []
    for seed in range(20):
        share = amount(bars, 60, random(seed))
        upper = (share[: 60 * 3 // 4] > 0.5).any(axis=0)
        high_marks = int((np.diff(upper.astype(int)) == 1).sum()) + int(upper[0])
        both = (share > 0.5).any(axis=0)
        low.append(int((np.diff(both.astype(int)) == 1).sum()) + int(both[0]) - high_marks)
        assert high_marks in (7, 8), "seven digits, and sometimes a high dash"
    assert min(low) == 2 and max(low) == 4, "two points; at the end, sometimes another and a low dash"


def test_a_mark_stands_where_it_is_written() -> None:
    made = {sign: mark(sign, 75, 18, 60, 6, random()) for sign in ".,-–="}
    assert {sign for end in ENDS for sign in end} <= set(made)
    assert all(share.shape[0] == 93 for share in made.values())
    left, top, right, bottom = inked(made["."])
    assert top > 65 and bottom < 82 and right - left < 12
    assert inked(made[","])[3] > bottom, "a comma reaches below"
    for dash, least in (("-", 18), ("–", 40), ("=", 18)):
        left, top, right, bottom = inked(made[dash])
        assert right - left >= least and top > 75 - 0.75 * 60 and bottom < 75 - 0.1 * 60
    assert (np.diff((made["="][:, 15] > 0.5).astype(int)) == 1).sum() == 2


def test_a_check_has_fine_lines_and_a_base_line() -> None:
    x = np.arange(100, dtype=np.float32)[None, :] * np.ones((10, 1), np.float32)
    lines = repeated(x, 10, 2)
    assert lines.mean() == pytest.approx(0.2, abs=0.03) and (lines[:, :10] == lines[:, 50:60]).all()
    for seed in range(20):
        assert 0.05 < pattern((50, 150), random(seed)).mean() < 0.8
        rows = np.flatnonzero(base_line((80, 150), 60, 20, random(seed)).max(axis=1) > 0.5)
        assert rows.min() >= 48 and rows.max() <= 66


def test_a_frame_leaves_margins_and_a_turn_loses_no_ink() -> None:
    share = np.ones((30, 90), np.float32)
    for seed in range(10):
        page = framed(share, 30, random(seed))
        left, top, right, bottom = inked(page)
        assert (right - left, bottom - top) == (89, 29) and min(left, top) >= 10
        assert page.shape[0] - bottom > 10 and page.shape[1] - right > 10
        assert turned(page, 6.0).sum() == pytest.approx(page.sum(), rel=0.01)
