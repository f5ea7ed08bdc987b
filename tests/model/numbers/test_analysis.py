"""A number that is doubtful is cut again, more finely; one that is not is left as it is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.classifier import Classifier
from model.data.handwriting.drawn import drawn_digits
from model.data.numbers import on_paper
from model.data.strings import Spacing, compose
from model.numbers import analysis
from model.numbers.analysis import Analysis, analyse
from model.numbers.calibration import MIN_CONFIDENCE
from model.numbers.ink import find_ink
from tests.number_pages import number_page

LINES, DIGITS = 25, 3


def touching_numbers() -> list[tuple[NDArray[np.uint8], str]]:
    """Pages uint8 (H, W), each with a number whose digits touch, and the numbers."""
    random, digits = np.random.default_rng(0), drawn_digits(300, seed=5)
    made = []
    for _ in range(LINES):
        which = random.integers(len(digits), size=DIGITS)
        ink = compose(digits.images[which], random, Spacing.TOUCHING, 40.0).ink
        made.append((on_paper(ink, 40.0, random).gray, "".join(map(str, digits.labels[which]))))
    return made


def read(page: NDArray[np.uint8], classifier: Classifier, digits: int | None = None) -> Analysis:
    """The only writing on the page uint8 (H, W)."""
    (found,) = analyse(find_ink(page), classifier, digits)
    return found


@pytest.fixture
def page(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """A page with a number that is cut along seams and sure at once."""
    for page, _ in touching_numbers():
        with monkeypatch.context() as context:
            context.setattr(analysis, "MIN_CONFIDENCE", 0.0)
            found = read(page, classifier)
        if found.cuts.is_seam.any() and found.confidence >= MIN_CONFIDENCE:
            return page
    raise AssertionError("all of them are doubtful")


def test_of_touching_numbers_finer_cuts_read_more(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    right = []
    for least in (0.0, MIN_CONFIDENCE):
        monkeypatch.setattr(analysis, "MIN_CONFIDENCE", least)
        right.append(sum(read(page, classifier).texts[0][0] == text for page, text in touching_numbers()))
    assert right[1] > right[0]


def test_only_what_is_doubtful_is_cut_again(
    classifier: Classifier, page: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = read(page, classifier)
    monkeypatch.setattr(analysis, "MIN_CONFIDENCE", 1.0)
    assert len(read(page, classifier).pieces) > len(sure.pieces)


def test_what_no_number_of_the_wanted_length_was_found_in_is_cut_again(
    classifier: Classifier, page: NDArray[np.uint8]
) -> None:
    sure, wrong = read(page, classifier), read(page, classifier, digits=9)
    assert not wrong.has_length and len(wrong.pieces) > len(sure.pieces)


def test_digits_that_are_apart_are_not_cut_again(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    page = number_page("11", gap=20)
    apart = read(page, classifier)
    monkeypatch.setattr(analysis, "MIN_CONFIDENCE", 1.0)
    assert not apart.cuts.is_seam.any() and len(read(page, classifier).pieces) == len(apart.pieces)


def test_where_too_many_pieces_would_come_of_it_the_cuts_stay(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = number_page("413 413", gap=0)
    monkeypatch.setattr(analysis, "MIN_CONFIDENCE", 0.0)
    coarse = [len(one.pieces) for one in analyse(find_ink(page), classifier)]
    monkeypatch.setattr(analysis, "MIN_CONFIDENCE", 1.0)
    fine = [len(one.pieces) for one in analyse(find_ink(page), classifier)]
    for most, expected in ((0, coarse), (fine[0], [fine[0], coarse[1]]), (sum(fine), fine)):
        monkeypatch.setattr(analysis, "MAX_FINE_PIECES", most)
        assert [len(one.pieces) for one in analyse(find_ink(page), classifier)] == expected
