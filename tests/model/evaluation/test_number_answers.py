"""Answers are compared by line, wrong digits are counted by edit distance, and figures are counts of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.number_answers import NumberAnswer, edit_distance, failures
from model.evaluation.number_metrics import number_metrics
from model.numbers.result import Number, NumbersOnPage, ReadDigit
from model.preprocessing.decoding.page import Box

BOX = Box(0, 0, 10, 10)
PIXELS = np.zeros((32, 32), np.uint8)


def number(text: str, confidence: float = 0.9, reason: str | None = None, line: int = 0) -> Number:
    digits = [ReadDigit(int(digit), confidence, BOX, PIXELS) for digit in text]
    return Number(text, confidence, reason is None, reason, BOX, line, digits, [])


def answer(text: str, *numbers: Number, is_blank: bool = False) -> NumberAnswer:
    return NumberAnswer(text, b"", text, None if is_blank else NumbersOnPage(list(numbers)))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("", "", 0),
        ("12", "", 2),
        ("", "12", 2),
        ("123", "123", 0),
        ("123", "153", 1),
        ("123", "13", 1),
        ("13", "123", 1),
        ("1234", "2341", 2),
        ("2553", "2255", 2),
        ("25441", "2541", 1),
    ],
)
def test_the_edit_distance_is_the_least_number_of_changes(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == edit_distance(second, first) == distance
    assert edit_distance(list(first), list(second)) == distance


def test_what_is_read_in_parts_is_one_number_where_the_picture_shows_one() -> None:
    for parts in (
        [number("25441")],
        [number("25"), number("441")],
        [number("25"), number("441", line=1)],
    ):
        read = answer("25441", *parts)
        assert read.is_right and read.read_lines == ["25441"] and read.wrong_digits == 0 and read.right_lines == 1
    assert not answer("25441", number("25441"), number("1")).is_right


def test_a_page_is_compared_line_by_line() -> None:
    page = answer("12\n34\n56", number("1"), number("2"), number("34", line=1), number("56", line=2))
    assert page.is_right and page.right_lines == 3 and page.digits == 6
    missing = answer("12\n34\n56", number("12"), number("56", line=1))
    assert (missing.is_right, missing.right_lines, missing.wrong_digits) == (False, 2, 2)
    misread = answer("12\n34\n56", number("12"), number("39", line=1), number("56", line=2))
    assert (misread.right_lines, misread.wrong_digits) == (2, 1)
    invented = answer("12\n34", number("12"), number("9", line=1), number("34", line=2))
    assert (invented.right_lines, invented.wrong_digits, invented.is_right) == (1, 1, False)
    joined = answer("12\n34", number("12"), number("34"))
    assert (joined.right_lines, joined.wrong_digits) == (0, 0)


def test_no_more_digits_are_wrong_than_there_are() -> None:
    assert answer("12", number("345678")).wrong_digits == 2
    assert answer("1\n2", *(number("3", line=line) for line in range(5))).right_lines == 0


def test_an_answer_is_accepted_if_there_is_a_number_and_each_is() -> None:
    assert answer("12", number("12")).accepted and answer("12", number("1"), number("2")).refusal is None
    refused = answer("12", number("1"), number("2", reason="low-confidence"), number("3", reason="other-ink"))
    assert not refused.accepted and refused.refusal == "low-confidence"
    for nothing, reason in ((answer("12"), "no-number"), (answer("12", is_blank=True), "blank-image")):
        assert (nothing.accepted, nothing.refusal, nothing.confidence, nothing.read_lines) == (False, reason, 0, [])
        assert (nothing.wrong_digits, nothing.right_lines, nothing.is_right, nothing.is_failure) == (2, 0, False, True)


def test_numbers_are_right_together_with_the_product_of_their_probabilities() -> None:
    assert answer("12", number("1", 0.5), number("2", 0.8)).confidence == pytest.approx(0.4)


def test_the_figures_are_counts() -> None:
    metrics = number_metrics(
        [
            answer("1234", number("1234", 1.0)),
            answer("1234", number("1235", 1.0)),
            answer("12", number("12", 0.5, reason="low-confidence")),
            answer("34", number("3", 0.5, reason="low-confidence")),
            answer("56"),
            answer("12\n34\n56", number("12", 1.0), number("34", 1.0, line=1), number("57", 1.0, line=2)),
        ]
    )
    assert (metrics.count, metrics.numbers) == (6, 8)
    assert metrics.digit_accuracy == pytest.approx(1 - (1 + 1 + 2 + 1) / 20)
    assert metrics.accuracy == 4 / 8 and metrics.accepted == 3 / 6 and metrics.accuracy_when_accepted == 3 / 5
    assert metrics.confidence == pytest.approx(4 / 5), "where a number was read"
    assert metrics.calibration_error == pytest.approx((2 + 0) / 5), "three were sure, and one of them right"
    assert metrics.refused == {"low-confidence": 2, "no-number": 1}


def test_of_what_is_never_accepted_and_never_read_there_is_nothing_to_say() -> None:
    metrics = number_metrics([answer("12", is_blank=True)])
    assert (metrics.accuracy, metrics.digit_accuracy, metrics.accepted) == (0, 0, 0)
    assert (metrics.accuracy_when_accepted, metrics.confidence, metrics.calibration_error) == (None, None, None)


def test_failures_come_in_the_order_of_how_bad_they_are() -> None:
    ordered = [
        answer("12", number("13", 0.99)),
        answer("12", number("13", 0.9)),
        answer("12", number("13", 0.95, reason="other-ink")),
        answer("12", number("13", 0.5, reason="low-confidence")),
        answer("12", is_blank=True),
        answer("12", number("12", 0.6, reason="low-confidence")),
        answer("12", number("12", 0.5, reason="low-confidence")),
    ]
    assert failures([answer("12", number("12")), *ordered[::-1]]) == ordered
