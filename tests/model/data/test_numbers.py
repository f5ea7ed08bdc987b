"""Numbers on paper that the reader's weights are fitted with."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.handwriting.drawn import drawn_digits
from model.data.numbers import MOST_DIGITS, mark, sorted_cuts, written_number


def test_pages_show_ink_on_paper_and_have_their_text() -> None:
    digits = drawn_digits(100, seed=1)
    random = np.random.default_rng(0)
    lengths = set()
    for _ in range(60):
        page, text = written_number(digits, random)
        assert page.dtype == np.uint8 and page.ndim == 2
        assert text.isdigit() and 1 <= len(text) <= MOST_DIGITS
        assert np.median(page) > page.min() + 40
        lengths.add(len(text))
    assert len(lengths) == MOST_DIGITS


def test_the_same_seed_writes_the_same_page() -> None:
    digits = drawn_digits(50, seed=1)
    (one, text), (other, same) = (written_number(digits, np.random.default_rng(4)) for _ in range(2))
    assert text == same and (one == other).all()


@pytest.mark.parametrize("kind", ["point", "comma", "dash", "double"])
def test_marks_have_ink_within_their_box(kind: str) -> None:
    for seed in range(5):
        drawn = mark(kind, 30.0, np.random.default_rng(seed))
        assert drawn.max() == 255 and (drawn == 0).mean() > 0.2


def test_groups_are_cut_in_order() -> None:
    for seed in range(20):
        cuts = sorted_cuts(8, np.random.default_rng(seed))
        assert cuts == sorted(set(cuts)) and all(0 < cut < 8 for cut in cuts)
