"""Pieces of numbers: digits with their labels, and what is no digit."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.data.digits import Labelled
from model.data.handwriting.drawn import drawn_digits
from model.preprocessing.pipeline import to_input
from model.training.pieces import cut_digits, is_straight, labelled_pieces, pieces_without_digit


@pytest.fixture(scope="module")
def digits() -> Labelled:
    """Drawn digits of every label."""
    return drawn_digits(200, seed=3)


def test_cut_digits_have_the_labels_of_the_digits_they_were(digits: Labelled, classifier: Classifier) -> None:
    cut = cut_digits(digits, 60, seed=1)
    assert len(cut) == 60 and cut.images.dtype == np.uint8 and cut.images.shape[1:] == (32, 32)
    assert len(set(cut.labels.tolist())) > 5
    assert (classifier.scores(to_input(cut.images)).predicted == cut.labels).mean() > 0.9
    assert "cut from numbers" in cut.source


def test_the_same_seed_cuts_the_same_digits(digits: Labelled) -> None:
    assert cut_digits(digits, 20, seed=1).sha256 == cut_digits(digits, 20, seed=1).sha256
    assert cut_digits(digits, 20, seed=1).sha256 != cut_digits(digits, 20, seed=2).sha256


def test_pieces_without_digit_are_no_plain_strokes(digits: Labelled) -> None:
    pieces = pieces_without_digit(digits, 40, np.random.default_rng(0))
    assert pieces.shape == (40, 1, 32, 32) and pieces.min() >= 0 and pieces.max() <= 1
    assert not any(is_straight((piece[0].numpy() * 255).astype(np.uint8)) for piece in pieces)


def test_of_a_line_s_pieces_some_are_digits_and_most_others_hardly_look_like_one(
    digits: Labelled, classifier: Classifier
) -> None:
    random = np.random.default_rng(5)
    found = [pair for _ in range(8) for pair in labelled_pieces(digits, random)]
    whole, others = ([pair for pair in found if (pair[1] is None) is is_other] for is_other in (False, True))
    digit, other = (classifier.scores(to_input([piece.pixels for piece, _ in pairs])) for pairs in (whole, others))
    assert (digit.predicted == [label for _, label in whole]).mean() > 0.9
    assert np.median(digit.score) > np.median(other.score) + 5


def test_a_straight_stroke_may_be_a_one() -> None:
    stroke = np.zeros((32, 32), np.uint8)
    for row in range(6, 26):
        stroke[row, 20 - row // 3 : 23 - row // 3] = 255
    ring = np.zeros((32, 32), np.uint8)
    ring[8:24, 8:24] = 255
    assert is_straight(stroke) and not is_straight(ring)
