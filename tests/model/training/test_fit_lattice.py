"""The fit of the lattice's weights raises the likelihood of the true texts."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.numbers.analysis import reading_of
from model.numbers.ink import find_ink
from model.numbers.lattice import WEIGHTS, Weights, likeliest, total
from model.numbers.segmentation import MAX_PIECES
from model.numbers.text_lines import find_text_lines
from model.training.fit_lattice import (
    Lattices,
    as_tensor,
    calibrate,
    fit,
    line_of,
    lines_written_with,
    min_confidence,
    readings,
)
from tests.number_pages import number_page


def test_the_likelihood_is_that_of_the_lattice(classifier: Classifier) -> None:
    page = number_page("250", gap=0)
    (text_line,) = find_text_lines(find_ink(page))
    analysis = reading_of(text_line, classifier, None, MAX_PIECES)
    text, best = likeliest(analysis.lattice)[0]
    line = line_of(page, text, classifier)
    assert line is not None
    found = Lattices([line]).log_likelihood(as_tensor(WEIGHTS))
    assert found.item() == pytest.approx(best.weight - total(analysis.lattice), abs=0.001)


def test_the_fit_raises_the_likelihood(classifier: Classifier) -> None:
    lines = lines_written_with(drawn_digits(200, seed=3), classifier, 30, seed=1)
    poor = Weights(**dict.fromkeys(Weights._fields[:-1], 0.1), cut_digits=(0.0,) * 10)
    fitted, before, after = fit(Lattices(lines), poor)
    assert after > before + 0.1 and math.isfinite(after)
    assert fitted.is_digit + fitted.odds > poor.is_digit + poor.odds


def test_the_calibration_follows_what_is_right() -> None:
    random = np.random.default_rng(0)
    odds, weakest = random.normal(2, 2, 4000), random.normal(2, 2, 4000)
    right = random.random(4000) < 1 / (1 + np.exp(0.7 - 0.6 * odds - 0.3 * weakest))
    offset, lattice, score = calibrate(np.stack([odds, weakest, right], axis=1))
    assert (offset, lattice, score) == pytest.approx((-0.7, 0.6, 0.3), abs=0.15)


def test_the_least_confidence_leaves_as_many_right_as_are_wanted() -> None:
    confidence = np.linspace(0, 1, 1001)
    right = confidence > 0.4
    assert min_confidence(confidence, right) == pytest.approx(0.395, abs=0.01)
    assert min_confidence(confidence, ~right) == 1


def test_readings_are_those_of_lines_that_are_one_number(classifier: Classifier) -> None:
    rows = readings(drawn_digits(200, seed=3), classifier, 12, seed=2)
    assert 4 <= len(rows) <= 12 and rows.shape[1] == 3
    assert set(rows[:, 2].tolist()) <= {0.0, 1.0}
