"""Numbers on paper that the reader's weights are fitted with."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.data import numbers
from model.data.handwriting.drawn import drawn_digits
from model.data.numbers import (
    MOST_DIGITS,
    THREES,
    ZEROS,
    group_starts,
    mark,
    stretched,
    written_number,
    zeros_at_end,
    zeros_in_one,
)
from model.data.strings import Spacing
from model.numbers.reader import read_numbers
from model.preprocessing.components import components_of, dilated
from model.preprocessing.pipeline import to_png


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


def test_most_texts_are_what_is_read_on_their_pages(classifier: Classifier) -> None:
    digits, random = drawn_digits(100, seed=1), np.random.default_rng(0)
    pages = [written_number(digits, random) for _ in range(40)]
    read = [read_numbers(to_png(page), classifier).text.replace(" ", "") for page, _ in pages]
    assert sum(found == text for found, (_, text) in zip(read, pages, strict=True)) > 25


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.7])
def test_a_number_is_stretched_from_left_to_right_alone(factor: float) -> None:
    ink = mark("dash", 30, np.random.default_rng(0))
    wider = stretched(ink, factor)
    assert wider.shape == (len(ink), round(factor * ink.shape[1]))
    assert abs(wider.mean() - ink.mean()) < 2


def test_numbers_of_the_same_digits_differ_in_width(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_LINE", "PRINTED", "END_SHARE", "VARIES"):
        monkeypatch.setattr(numbers, name, 0.0 if name != "VARIES" else (0.0, 0.0))
    monkeypatch.setattr(numbers, "SLANT", (0.0, 0.0))
    random, digits = np.random.default_rng(0), drawn_digits(100, seed=1)
    zero = digits[np.flatnonzero(digits.labels == 0)[:1]]
    pages = [written_number(zero, random, {Spacing.NATURAL: 1.0}) for _ in range(80)]
    inked = [np.nonzero(page < (page.min() + np.median(page)) / 2) for page, text in pages if len(text) == 1]
    shapes = [(np.ptp(columns) + 1) / (np.ptp(rows) + 1) for rows, columns in inked]
    assert max(shapes) > 1.3 * min(shapes)


@pytest.mark.parametrize(
    ("labels", "count"), [([1, 0, 0], 2), ([0, 0, 0], 3), ([5, 0], 0), ([0, 7], 0), ([], 0), ([0] * 4, 0)]
)
def test_two_or_three_zeros_at_the_end_may_be_one_stroke(labels: list[int], count: int) -> None:
    assert zeros_at_end(np.array(labels, np.int64)) == count


@pytest.mark.parametrize("count", [2, 3])
def test_zeros_in_one_stroke_stand_on_the_base_and_enclose_most_of_their_holes(count: int) -> None:
    random = np.random.default_rng(0)
    holes = []
    for _ in range(20):
        ink = zeros_in_one(count, 40.0, random) > 127
        rows = np.flatnonzero(ink.any(axis=1))
        assert abs(rows[-1] - 39) <= 3, "the base line is row 40"
        assert 40 * ZEROS[0] - 2 <= np.ptp(rows) + 1 <= 40 * ZEROS[1] + 2
        assert components_of(dilated(ink, 1)).area.max() > 0.9 * np.count_nonzero(ink)
        inside = components_of(np.pad(~ink, 1, constant_values=True)).area
        holes.append(np.count_nonzero(inside > 8) - 1)
    assert count - 0.7 <= np.mean(holes) <= count + 1


@pytest.mark.parametrize(
    ("kind", "top", "bottom", "is_wide", "strokes"),
    [
        ("point", 21, 34, False, 1),
        ("comma", 27, 39, False, 1),
        ("dash", 11, 20, True, 1),
        ("double", 9, 23, True, 2),
    ],
)
def test_marks_stand_where_they_are_written(kind: str, top: int, bottom: int, is_wide: bool, strokes: int) -> None:
    counts = []
    for seed in range(20):
        drawn = mark(kind, 30.0, np.random.default_rng(seed)) > 127
        rows, columns = np.nonzero(drawn)
        assert top <= rows.min() and rows.max() < bottom, "the base line is row 30"
        assert (np.ptp(columns) >= 9) == is_wide
        counts.append(np.count_nonzero(np.diff(drawn[:, columns.min() + 2].astype(int)) == 1))
    assert np.median(counts) == strokes


@pytest.mark.parametrize(
    ("count", "thousands"), [(1, []), (2, []), (3, []), (4, [1]), (5, [2]), (6, [3]), (7, [1, 4]), (8, [2, 5])]
)
def test_groups_are_thousands_or_begin_at_one_or_two_places_in_order(count: int, thousands: list[int]) -> None:
    made = [group_starts(count, np.random.default_rng(seed)) for seed in range(60)]
    assert THREES / 2 < np.mean([starts == thousands for starts in made]) <= 1
    others = [starts for starts in made if starts != thousands]
    assert len(others) > 5 or count < 3
    assert all(starts == sorted(set(starts)) and 0 < starts[0] <= starts[-1] < count for starts in others)
    assert all(len(starts) <= 2 for starts in others)
