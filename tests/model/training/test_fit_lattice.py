"""The fit of the lattice's weights raises the likelihood of the true texts."""

from __future__ import annotations

import math

import pytest

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.numbers.analysis import reading_of
from model.numbers.ink import find_ink
from model.numbers.lattice import WEIGHTS, Weights, likeliest, total
from model.numbers.segmentation import MAX_PIECES
from model.numbers.text_lines import find_text_lines
from model.training.fit_lattice import as_tensor, fit, lines_written_with
from model.training.lattices import Lattices, line_of
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
