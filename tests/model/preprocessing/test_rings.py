"""Rings around a digit, whole, with gaps or cut by the border; zeros are no rings around their slash or dot."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import OTHER_INK, Classifier
from model.evaluation.robustness.canvas import line, outline
from tests.marks import SHAPE, digit, page, reading, ring


@pytest.mark.parametrize("gap", [0, 20])
@pytest.mark.parametrize("width", [4, 8])
def test_a_digit_with_a_ring_around_it_is_read_and_refused_as_other_ink(
    gap: float, width: float, classifier: Classifier
) -> None:
    for number in (1, 3, 7, 8):
        verdict = classifier.judge([reading(page(digit(number, height=80), ring(85, width, gap)))])[0]
        assert (verdict.digit, verdict.accepted, verdict.reason) == (number, False, OTHER_INK)


@pytest.mark.parametrize("form", ["plain", "slashed", "backslashed", "slashed in one", "dotted"])
@pytest.mark.parametrize("width", [0.05, 0.1, 0.15])
def test_a_zero_is_no_ring_around_its_slash_or_dot(form: str, width: float) -> None:
    zero = reading(page(digit(0, form, width=width)))
    assert not zero.is_cluttered and zero.box.height == pytest.approx(112, abs=2)


@pytest.mark.parametrize("place", [(130, 100), (100, 130), (120, 120)])
def test_a_ring_that_leaves_the_page_is_a_ring(place: tuple[float, float], classifier: Classifier) -> None:
    x, y = place
    around = outline(SHAPE, (x - 90, y - 90, x + 90, y + 90), 90, 5)
    assert not around[:, -1].max() == around[-1].max() == 0
    verdict = classifier.judge([reading(page(digit(3, height=80, middle=place), around))])[0]
    assert (verdict.digit, verdict.accepted, verdict.reason) == (3, False, OTHER_INK)


@pytest.mark.parametrize("slant", [25, 45])
def test_a_slanting_one_in_a_round_ring_is_no_slash(slant: float) -> None:
    one = line(SHAPE, (100 + slant, 45), (100 - slant, 155), 9)
    assert reading(page(one, ring(85, 6))).is_cluttered
    narrow = outline(SHAPE, (45, 15, 155, 185), 55, 6)
    assert not reading(page(one, narrow)).is_cluttered
    assert np.ptp(np.flatnonzero(narrow.max(axis=0))) < 0.85 * np.ptp(np.flatnonzero(narrow.max(axis=1)))
