"""A number's confidence is fitted to what is right, and what is accepted to the share of it that shall be."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.training.calibrate_numbers import calibrate, min_confidence, readings


def test_the_calibration_follows_what_is_right() -> None:
    random = np.random.default_rng(0)
    odds, weakest, seams = random.normal(2, 2, 4000), random.normal(2, 2, 4000), random.integers(5, size=4000)
    right = random.random(4000) < 1 / (1 + np.exp(0.7 - 0.6 * odds - 0.3 * weakest + 0.5 * seams))
    found = calibrate(np.stack([odds, weakest, seams, right], axis=1))
    assert found == pytest.approx((-0.7, 0.6, 0.3, -0.5), abs=0.15)


def test_the_least_confidence_leaves_as_many_right_as_are_wanted() -> None:
    confidence = np.linspace(0, 1, 1001)
    right = confidence > 0.4
    assert min_confidence(confidence, right) == pytest.approx(0.395, abs=0.01)
    assert min_confidence(confidence, ~right) == 1


def test_readings_are_those_of_lines_that_are_one_number(classifier: Classifier) -> None:
    rows = readings(drawn_digits(200, seed=3), classifier, 12, seed=2)
    assert 4 <= len(rows) <= 12 and rows.shape[1] == 4
    assert set(rows[:, 3].tolist()) <= {0.0, 1.0}
