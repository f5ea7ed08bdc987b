"""The fit of the lattice's weights raises the likelihood of the true texts."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.numbers.analysis import are_clear, reading_of, scores_of
from model.numbers.ink import find_ink
from model.numbers.lattice import WEIGHTS, Weights, likeliest, total
from model.numbers.segmentation import MAX_PIECES
from model.numbers.text_lines import find_text_lines
from model.training.fit_lattice import fit, lines_written_with
from model.training.lattices import Lattices, Line, as_tensor, line_of
from tests.number_pages import number_page


def likelihoods(lines: list[Line], classifier: Classifier) -> Tensor:
    lattices = Lattices(lines)
    scores = scores_of(list(lattices.pixels.numpy()), classifier)
    log_digits, log_odds = torch.from_numpy(scores.probabilities).log(), torch.from_numpy(scores.score)
    return lattices.log_likelihood(log_digits, log_odds, as_tensor(WEIGHTS))


def test_the_likelihood_is_that_of_the_lattice(classifier: Classifier) -> None:
    page = number_page("250", gap=0)
    (text_line,) = find_text_lines(find_ink(page))
    analysis = reading_of(text_line, classifier, None, MAX_PIECES)
    text, best = likeliest(analysis.lattice)[0]
    line = line_of(page, text, partial(are_clear, classifier=classifier))
    assert line is not None
    alone = likelihoods([line], classifier).item()
    assert alone == pytest.approx(best.weight - total(analysis.lattice), abs=0.001)
    longer = line_of(number_page("31415926", gap=0), "31415926", partial(are_clear, classifier=classifier))
    assert longer is not None
    assert likelihoods([longer, line], classifier)[1].item() == pytest.approx(alone, abs=0.001)


def test_the_fit_raises_the_likelihood(classifier: Classifier) -> None:
    lines = lines_written_with(drawn_digits(200, seed=3), classifier, 30, seed=1)
    poor = Weights(**dict.fromkeys(Weights._fields[:-1], 0.1), cut_digits=(0.0,) * 10)
    fitted, before, after = fit(lines, classifier, poor)
    assert after > before + 0.1 and math.isfinite(after)
    assert fitted.is_digit + fitted.odds > poor.is_digit + poor.odds
