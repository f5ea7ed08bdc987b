"""The likelihood of lines as tensors is that of the reader's lattice, for each line whatever others stand beside it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from model.classifier import Classifier
from model.numbers.analysis import are_clear, reading_of, scores_of
from model.numbers.ink import find_ink
from model.numbers.lattice import WEIGHTS, total
from model.numbers.pieces import MAX_PIECES
from model.numbers.search import likeliest
from model.numbers.text_lines import find_text_lines
from model.training.lattices import Lattices, Line, as_tensor, line_of, tempered
from model.training.path_sums import path_sums
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


def test_a_page_without_a_line_is_none(classifier: Classifier) -> None:
    assert line_of(np.full((60, 200), 250, np.uint8), "1", partial(are_clear, classifier=classifier)) is None


def test_a_crowded_page_is_none(classifier: Classifier) -> None:
    page = np.full((60, 9 * MAX_PIECES), 250, np.uint8)
    page[15:45, ::9] = page[15:45, 1::9] = page[15:45, 2::9] = 20
    assert line_of(page, "1", partial(are_clear, classifier=classifier)) is None


def test_the_gradient_of_the_sums_of_paths_is_that_of_their_definition() -> None:
    generator = torch.Generator().manual_seed(0)
    nodes, rows = 5, 2
    shape = 2, nodes, 3, rows
    weights = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    before = torch.arange(nodes).clamp_min(1)[:, None, None]
    firsts = torch.randint(99, shape, generator=generator) % before
    origins = firsts * rows + torch.randint(rows, shape, generator=generator)
    assert path_sums(weights, origins)[0, 1, 0].item() == pytest.approx(weights[0, 1, :, 0].logsumexp(0).item())
    assert torch.autograd.gradcheck(lambda values: path_sums(values, origins)[:, 1:], weights)


def test_a_text_gets_likelier_with_its_digits_and_less_likely_with_others(classifier: Classifier) -> None:
    line = line_of(number_page("25", gap=20), "35", partial(are_clear, classifier=classifier))
    assert line is not None
    lattices = Lattices([line])
    scores = scores_of(list(lattices.pixels.numpy()), classifier)
    log_digits = torch.from_numpy(scores.probabilities).clamp_min(1e-6).log().requires_grad_()
    lattices.log_likelihood(log_digits, torch.from_numpy(scores.score), as_tensor(WEIGHTS)).sum().backward()
    assert log_digits.grad is not None
    gradient = log_digits.grad.sum(0)
    assert gradient[3] > 0.5 and gradient[2] < -0.5 and abs(gradient[5]) < 0.1


def test_a_hopeless_line_counts_little() -> None:
    likely, hopeless = torch.tensor([-0.1, -50.0], requires_grad=True).unbind()
    assert tempered(hopeless).item() == pytest.approx(np.log(0.02))
    assert (
        torch.autograd.grad(tempered(hopeless), hopeless)[0] < 1e-6 < torch.autograd.grad(tempered(likely), likely)[0]
    )
