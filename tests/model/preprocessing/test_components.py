"""Components of a mask, which of them lie where, the width of its strokes, and its dilation."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing.components import BESIDE, Components, components_of, dilated, stroke_width


def frame_and_two() -> tuple[np.ndarray, Components]:
    """A mask bool (40, 60): a frame, a dot within it and a bar beside it; and its components in this order."""
    mask = np.zeros((40, 60), bool)
    mask[2:30, 2:30] = True
    mask[4:28, 4:28] = False
    mask[10:13, 10:12] = True
    mask[2:30, 40:44] = True
    parts = components_of(mask)
    order = np.lexsort((parts.left, parts.top))
    assert order.tolist() == [0, 1, 2]
    return mask, parts


def test_a_component_has_its_box_and_its_area() -> None:
    _, parts = frame_and_two()
    boxes = np.stack([parts.left, parts.top, parts.right, parts.bottom, parts.area], axis=1)
    assert boxes.tolist() == [[2, 2, 30, 30, 28 * 28 - 24 * 24], [40, 2, 44, 30, 4 * 28], [10, 10, 12, 13, 6]]
    assert parts.longer.tolist() == [28, 28, 3]


def test_the_chosen_components_have_a_mask_and_places() -> None:
    mask, parts = frame_and_two()
    bar = parts.mask_of(np.array([False, True, False]))
    assert (bar == (mask & (np.arange(60) >= 40))).all()
    assert (parts.mask_of(np.ones(3, bool)) == mask).all() and not parts.mask_of(np.zeros(3, bool)).any()
    rows, columns = parts.places_of([1, 2])
    assert len(rows) == 4 * 28 + 6 and (rows.min(), columns.min()) == (2, 10)


def test_only_what_lies_inside_a_box_and_touches_no_side_is_within_it() -> None:
    boxes = [(0, 0, 10, 10), (1, 1, 9, 9), (0, 1, 9, 9), (1, 0, 9, 9), (1, 1, 10, 9), (1, 1, 9, 10)]
    parts = Components(np.zeros((10, 10), np.int32), *np.array(boxes).T, np.ones(len(boxes), np.int64))
    assert parts.within(0).tolist() == [False, True, False, False, False, False]
    assert not parts.within(1).any()


@pytest.mark.parametrize(("distance", "touches"), [(BESIDE, True), (BESIDE + 1, False)])
def test_what_comes_near_a_mask_touches_it(distance: int, touches: bool) -> None:
    _, parts = frame_and_two()
    line = np.zeros((40, 60), bool)
    line[:, 43 + distance] = True  # to the right of the bar, which ends in column 43
    assert parts.beside(line).tolist() == [False, touches, False]


@pytest.mark.parametrize("width", [4, 10])
def test_the_width_of_strokes_is_right_on_average_over_their_directions(width: int) -> None:
    rows, columns = np.indices((300, 300)) - 149.5
    ring = np.abs(np.hypot(rows, columns) - 100) < width / 2
    level, diagonal = np.abs(rows) < width / 2, np.abs(rows + columns) < width / np.sqrt(2)
    assert stroke_width(ring) == pytest.approx(width, rel=0.05)
    assert stroke_width(diagonal) < width < stroke_width(level)
    assert stroke_width(np.zeros((5, 5), bool)) == 0


def test_a_mask_grows_in_all_directions_alike() -> None:
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    assert np.argwhere(dilated(mask, 2)).min(axis=0).tolist() == [2, 2] and dilated(mask, 2).sum() == 25
    assert (dilated(mask, 0) == mask).all()
