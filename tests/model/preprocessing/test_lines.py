"""Straight lines are found at any angle, followed to their ends, and are theirs alone where a stroke crosses."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.robustness.canvas import line
from model.preprocessing.lines import Line, across, find_lines
from tests.marks import SHAPE, Share, box, ruled


def lines_in(*marks: Share) -> list[Line]:
    """The lines found in the ink of these marks."""
    return find_lines(np.maximum.reduce(marks) > 0.5)


@pytest.mark.parametrize("angle", [0, 0.5, 3, 8, 30, 45, 90])
@pytest.mark.parametrize("width", [1, 3, 6])
def test_a_line_across_the_page_is_found_at_any_angle_with_its_direction_and_width(angle: float, width: int) -> None:
    found = lines_in(ruled(angle, spacing=1000, width=width))
    assert len(found) == 1
    assert found[0].reaches_border == (True, True)
    assert found[0].width == pytest.approx(width, abs=1.5)
    across = abs(found[0].direction @ (-np.sin(np.radians(angle)), np.cos(np.radians(angle))))
    assert across < np.sin(np.radians(0.6))


def test_a_line_is_followed_to_its_ends_over_small_gaps() -> None:
    gap = line(SHAPE, (20, 60), (180, 70), 3)
    gap[:, 90:96] = 0
    (found,) = lines_in(gap)
    ends = sorted([found.first.tolist(), found.last.tolist()])
    assert np.abs(np.array(ends) - [[20, 60], [180, 70]]).max() < 3
    assert found.reaches_border == (False, False)
    assert found.length == pytest.approx(np.hypot(160, 10), abs=4)


def test_a_line_that_ends_at_a_side_reaches_the_border_there() -> None:
    for start, end, reaches in (((-5, 80), (120, 80), 1), ((100, 60), (100, 230), 1), ((12, 80), (120, 80), 0)):
        (found,) = lines_in(line(SHAPE, start, end, 3))
        assert sum(found.reaches_border) == reaches


def test_where_a_stroke_crosses_the_ink_is_the_stroke_s() -> None:
    stroke = line(SHAPE, (60, 20), (140, 180), 12)
    found = lines_in(ruled(0, spacing=1000), stroke)
    level = [one for one in found if abs(one.direction[1]) < 0.1]
    assert len(level) == 1
    taken = np.zeros(SHAPE, bool)
    taken[level[0].rows, level[0].columns] = True
    assert taken.any(axis=0).mean() > 0.85  # of the page's width the line is taken
    assert (taken & (stroke > 0.9)).sum() < 0.03 * (stroke > 0.9).sum()


@pytest.mark.parametrize("widest", [10, 30])  # with 30, what is close is looked at first
@pytest.mark.parametrize("width", [1, 5, 12, 13, 14, 15, 30, 60, 150])
def test_the_ink_across_a_line_is_measured_far_beyond_the_line_s_own_width(width: int, widest: int) -> None:
    mask = np.zeros((200, 200), np.uint8)
    top = 100 - width // 2
    mask[100, 20:180] = mask[top : top + width, 90:110] = 1
    profile = across(mask, np.array([100.0, 100.0]), np.array([1.0, 0.0]), widest, 300)
    assert (profile.inked == mask[100].astype(bool)).all()
    most = 2 * (2 * widest + 2) + 1  # that is looked at
    assert set(profile.width[90:110]) == {min(width, most)} and set(profile.width[20:90]) == {1}


def test_all_sides_of_a_box_are_lines() -> None:
    found = lines_in(box(20, width=3))
    assert len(found) == 4
    assert all(one.length == pytest.approx(160, abs=6) for one in found)


def test_what_is_short_or_wide_is_no_line() -> None:
    assert lines_in(line(SHAPE, (70, 60), (140, 60), 3))
    assert not lines_in(line(SHAPE, (75, 60), (125, 60), 3))  # a quarter of the page
    assert not lines_in(line(SHAPE, (20, 60), (180, 60), 26))  # an eighth of the page
    assert not lines_in(np.zeros(SHAPE, np.float32))
