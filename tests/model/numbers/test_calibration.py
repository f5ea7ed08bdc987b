"""A number's confidence rises with the lattice's probability and its weakest digit, and falls with its seams."""

from __future__ import annotations

import math

import pytest

from model.classifier import Classifier
from model.numbers.calibration import CALIBRATION, STRONG, Sureness, bounded, log_odds
from model.numbers.reader import read_numbers_of_page
from model.preprocessing.decoding.page import Page
from tests.number_pages import number_page


def test_it_rises_with_each_feature_or_falls() -> None:
    by_lattice = [CALIBRATION.confidence(probability, 3, 0) for probability in (0, 0.1, 0.5, 0.9, 0.999, 1)]
    by_weakest = [CALIBRATION.confidence(0.9, score, 1) for score in (-9, -6, -1, 0, 2, 6)]
    by_seams = [CALIBRATION.confidence(0.9, 3, seams) for seams in (9, 4, 3, 2, 1, 0)]
    for confidences in (by_lattice, by_weakest, by_seams):
        assert confidences == sorted(confidences)
        assert 0 < confidences[0] < confidences[-1] < 1


def test_extremes_are_bounded() -> None:
    assert log_odds(1) == -log_odds(0) == pytest.approx(math.log(9999))
    assert bounded(99) == -bounded(-99) == STRONG and bounded(-1.5) == -1.5


@pytest.mark.parametrize("gap", [0, 14])
def test_the_texts_of_a_number_share_one_probability(classifier: Classifier, gap: int) -> None:
    (number,) = read_numbers_of_page(Page(number_page("2504", gap=gap), "PNG"), classifier).numbers
    assert number.confidence + sum(other.confidence for other in number.alternatives) <= 1 + 1e-6
    assert all(number.confidence <= digit.confidence + 1e-9 and digit.confidence <= 1 for digit in number.digits)
    assert all(other.confidence <= number.confidence + 1e-9 for other in number.alternatives)


def test_a_probability_that_vanishes_or_is_certain_leaves_shares() -> None:
    for sure in (Sureness(0.0, 0.02), Sureness(1.0, 0.98), Sureness(1.0, 1.0)):
        assert 0 <= sure.of_other(0.0) <= sure.of_part(1.0) <= 1
