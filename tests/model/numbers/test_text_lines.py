"""Lines of writing: marks join them, wide gaps part them, slanted ones are made upright."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.numbers.ink import find_ink
from model.numbers.text_lines import HEIGHT, TextLine, find_text_lines, shifted, shifts_of, split_at_gaps
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


def test_a_wide_gap_parts_numbers_and_a_steady_spacing_does_not() -> None:
    (line,) = lines_on(number_page("12 345"))
    assert [part.mask.any() for part in split_at_gaps(line)] == [True, True]
    for spaced in ("12345", "123", "12"):
        (line,) = lines_on(number_page(spaced, gap=75))
        assert len(split_at_gaps(line)) == 1


def test_a_gap_is_wide_though_it_is_one_of_two() -> None:
    page = number_page("1 88")
    (line,) = lines_on(np.delete(page, slice(162, 174), axis=1))
    assert len(split_at_gaps(line)) == 2


def line_with(*stretches: tuple[float, float]) -> TextLine:
    """A line whose ink fills these stretches, each from its left to its right edge, in heights of the writing."""
    mask = np.zeros((HEIGHT, round(stretches[-1][1] * HEIGHT) + 1), bool)
    for left, right in stretches:
        mask[:, round(left * HEIGHT) : round(right * HEIGHT)] = True
    return TextLine(mask * np.float32(255), mask, HEIGHT, 0, 0, 1.0, np.zeros(HEIGHT))


def test_a_narrow_digit_in_a_row_of_boxes_is_not_torn_off() -> None:
    boxes = [1.4 * place for place in range(5)]
    places = ((0.1, 0.8), (0.4, 1.1), (0.5, 1.2), (0.1, 0.6), (1.0, 1.2))  # in each box; the last is a 1
    line = line_with(*((box + left, box + right) for box, (left, right) in zip(boxes, places, strict=True)))
    assert len(split_at_gaps(line)) == 1


def boxed(*cells: tuple[int, str], wide: int, sides: bool = True) -> NDArray[np.uint8]:
    """A page with a row of boxes, each so many pixels wide; in each, digits stand so far from its left side."""
    page = np.full((200, 100 + wide * len(cells)), 245, np.uint8)
    for place, (offset, text) in enumerate(cells):
        left = 50 + wide * place
        ink = number_page(text, gap=8)[50:110, 50:-50]
        page[70:130, left + offset : left + offset + ink.shape[1]] = ink
        if sides:
            cv2.rectangle(page, (left, 50), (left + wide, 150), 80.0, 2)
    return page


def test_digits_in_boxes_of_their_own_are_one_number() -> None:
    cells = (12, "1"), (85, "1")
    (line,) = lines_on(boxed(*cells, wide=110))
    assert len(line.walls) == 3 and len(split_at_gaps(line)) == 1
    (line,) = lines_on(boxed(*cells, wide=110, sides=False))
    assert not len(line.walls) and len(split_at_gaps(line)) == 2


@pytest.mark.parametrize("apart", [20, 60])
def test_the_fields_of_a_date_are_three_numbers(apart: int) -> None:
    fields = [boxed(*((22, digit) for digit in text), wide=80)[:, 48:-48] for text in ("24", "11", "2026")]
    page = np.pad(np.hstack([np.pad(field, ((0, 0), (0, apart)), constant_values=245) for field in fields]), 50)
    page[page == 0] = 245
    (line,) = lines_on(page)
    assert len(split_at_gaps(line)) == 3


def test_wide_boxes_are_one_field() -> None:
    (line,) = lines_on(boxed(*((offset, "1") for offset in (20, 45, 30, 50, 25)), wide=200))
    assert len(line.walls) == 6 and len(split_at_gaps(line)) == 1


def test_boxes_that_are_all_as_far_apart_are_one_field() -> None:
    page = np.hstack([boxed((12 + 25 * (place % 2), "1"), wide=80)[:, 30:-30] for place in range(5)])
    (line,) = lines_on(page)
    assert len(line.walls) == 10 and len(split_at_gaps(line)) == 1
    for missed in range(1, 9):  # a side that was not found
        assert len(split_at_gaps(line._replace(walls=np.delete(line.walls, missed)))) == 1


def test_a_box_with_two_digits_holds_a_number() -> None:
    for cells in [(20, "38"), (60, "52")], [(20, "38"), (60, "24"), (60, "6")]:
        (line,) = lines_on(boxed(*cells, wide=200))
        parts = split_at_gaps(line)
        assert len(parts) == len(cells)
        moved = [line.shifts[0] - part.shifts[0] for part in parts]
        assert [part.walls[0] for part in parts] == [line.walls[0] - shift for shift in moved]


@pytest.mark.parametrize("apart", [1.4, 3.0])
def test_numbers_whose_digits_leave_no_gap_are_parted(apart: float) -> None:
    line = line_with((0, 3.2), (3.2 + apart, 5.6 + apart), (5.6 + 2 * apart, 6.4 + 2 * apart))
    assert len(split_at_gaps(line)) == 3


def test_two_digits_far_apart_are_two_numbers() -> None:
    page = number_page("8", "8")
    row = np.hstack([page[:120], np.full((120, 80), 245, np.uint8), page[:120]])
    (line,) = lines_on(row)
    assert len(split_at_gaps(line)) == 2


def test_the_parts_of_a_line_lie_where_they_were() -> None:
    (line,) = lines_on(number_page("12 345"))
    total = sum(float(part.ink.sum()) for part in split_at_gaps(line))
    assert abs(total - float(line.ink.sum())) < 0.01 * total
    second = split_at_gaps(line)[1]
    assert second.shifts[0] < line.shifts[0]


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
