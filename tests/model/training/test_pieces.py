"""Pieces of numbers: digits with their labels, and what is no digit."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.digits import Labelled
from model.data.handwriting.drawn import drawn_digits
from model.training.pieces import cut_digits, is_straight, labelled_pieces, pieces_without_digit


@pytest.fixture(scope="module")
def digits() -> Labelled:
    """Drawn digits of every label."""
    return drawn_digits(200, seed=3)


def test_cut_digits_have_the_labels_of_the_digits_they_were(digits: Labelled) -> None:
    cut = cut_digits(digits, 60, seed=1)
    assert len(cut) == 60 and cut.images.dtype == np.uint8 and cut.images.shape[1:] == (32, 32)
    assert set(cut.labels.tolist()) <= set(digits.labels.tolist()) and len(set(cut.labels.tolist())) > 5
    assert "cut from numbers" in cut.source


def test_the_same_seed_cuts_the_same_digits(digits: Labelled) -> None:
    assert cut_digits(digits, 20, seed=1).sha256 == cut_digits(digits, 20, seed=1).sha256
    assert cut_digits(digits, 20, seed=1).sha256 != cut_digits(digits, 20, seed=2).sha256


def test_pieces_without_digit_are_no_plain_strokes(digits: Labelled) -> None:
    pieces = pieces_without_digit(digits, 40, np.random.default_rng(0))
    assert pieces.shape == (40, 1, 32, 32) and pieces.min() >= 0 and pieces.max() <= 1
    assert not any(is_straight((piece[0].numpy() * 255).astype(np.uint8)) for piece in pieces)


def test_both_kinds_come_from_one_line(digits: Labelled) -> None:
    random = np.random.default_rng(5)
    labels = [label for _ in range(8) for _, label in labelled_pieces(digits, random)]
    assert None in labels and any(label is not None for label in labels)


def test_a_straight_stroke_may_be_a_one() -> None:
    stroke = np.zeros((32, 32), np.uint8)
    for row in range(6, 26):
        stroke[row, 20 - row // 3 : 23 - row // 3] = 255
    ring = np.zeros((32, 32), np.uint8)
    ring[8:24, 8:24] = 255
    assert is_straight(stroke) and not is_straight(ring)
