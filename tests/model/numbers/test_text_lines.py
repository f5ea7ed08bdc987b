"""Lines of writing: marks join them, slanted ones are made upright."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model.numbers.ink import find_ink
from model.numbers.text_lines import HEIGHT, TextLine, find_text_lines, shifted, shifts_of
from tests.number_pages import number_page


def lines_on(page: NDArray[np.uint8]) -> list[TextLine]:
    """The lines of writing on a page uint8 (H, W)."""
    return find_text_lines(find_ink(page))


def test_lines_come_from_top_to_bottom() -> None:
    lines = lines_on(number_page("123", "45678", "9"))
    assert [line.top for line in lines] == sorted(line.top for line in lines)
    widths = [line.ink.shape[1] for line in lines]
    assert len(lines) == 3 and widths[1] > widths[0] > widths[2]


def test_a_row_of_lines_that_are_far_apart_comes_from_left_to_right() -> None:
    left, right = (np.pad(page, ((0, 300), (0, 300)), constant_values=245) for page in map(number_page, ("12", "345")))
    page = np.hstack([np.roll(left, 12, axis=0), right])  # the left one stands a little lower
    page = np.minimum(page, np.roll(page, 200, axis=0))
    lines = lines_on(page)
    assert [line.row for line in lines] == [0, 0, 1, 1]
    assert [line.left < 300 for line in lines] == [True, False, True, False]


def test_columns_of_other_lines_are_rows_of_their_own() -> None:
    page = np.full((400, 900), 245, np.uint8)
    for left, tops in ((20, (10, 120, 230)), (600, (65, 175))):
        for top in tops:
            digits = number_page("88")[50:110, 50:-50]
            page[top : top + 60, left : left + digits.shape[1]] = digits
    assert [(line.row, line.left < 300) for line in lines_on(page)] == [
        (0, True), (1, False), (2, True), (3, False), (4, True),
    ]  # fmt: skip


def test_a_long_line_is_small_enough_to_be_sheared() -> None:
    page = np.hstack([number_page("4 7")[30:120]] * 245)
    page = cv2.resize(page, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    for line in find_text_lines(find_ink(page)):
        assert sum(line.ink.shape) < 32_767 and line.height < HEIGHT


def test_a_line_is_scaled_to_one_height() -> None:
    page = number_page("123")
    large = cv2.resize(page, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    for line in (*lines_on(page), *lines_on(large)):
        assert abs(line.height - HEIGHT) <= 1


def test_a_rising_line_stays_one_line() -> None:
    page = number_page("1234567")
    height, width = page.shape
    turned = cv2.warpAffine(
        page, cv2.getRotationMatrix2D((width / 2, height / 2), 8, 1), (width, height + 80), borderValue=245.0
    )
    assert len(lines_on(turned)) == 1


def test_a_point_joins_its_line_and_dust_does_not() -> None:
    page = number_page("12")
    cv2.circle(page, (page.shape[1] - 40, 105), 4, 30.0, -1)
    (line,) = lines_on(page)
    (without,) = lines_on(number_page("12"))
    assert line.ink.shape[1] > without.ink.shape[1]
    speckled = number_page("12")
    speckled[20, 20:22] = 30
    (same,) = lines_on(speckled)
    assert same.ink.shape == without.ink.shape


def test_slanted_strokes_are_made_upright() -> None:
    upright = np.zeros((40, 80), np.float32)
    upright[:, 20:24] = upright[:, 50:54] = 255
    slanted = shifted(upright[::-1], 0.4 * np.arange(40))[::-1]  # leans to the right
    shifts = shifts_of(slanted > 127)
    straight = shifted(np.ascontiguousarray(slanted), shifts)
    assert shifts[-1] - shifts[0] > 0.3 * 39
    assert np.count_nonzero((straight > 127).sum(axis=0) > 30) >= 6
    assert (shifts_of(upright > 127) == 0).all()


def test_a_large_comma_does_not_part_a_line() -> None:
    page = number_page("12345", gap=26)
    cv2.line(page, (150, 100), (138, 134), 30.0, 6)
    assert len(lines_on(page)) == 1
