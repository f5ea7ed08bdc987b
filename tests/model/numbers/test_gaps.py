"""The numbers on a line: wide gaps part them, as do the sides of printed boxes; a form's boxes hold one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.numbers.gaps import split_at_gaps
from model.numbers.ink import find_ink
from model.numbers.text_lines import HEIGHT, TextLine, find_text_lines
from tests.number_pages import number_page


def line_on(page: NDArray[np.uint8]) -> TextLine:
    """The only line of writing on a page uint8 (H, W)."""
    (line,) = find_text_lines(find_ink(page))
    return line


def test_a_wide_gap_parts_numbers_and_a_steady_spacing_does_not() -> None:
    line = line_on(number_page("12 345"))
    assert [part.mask.any() for part in split_at_gaps(line)] == [True, True]
    for spaced in ("12345", "123", "12"):
        line = line_on(number_page(spaced, gap=75))
        assert len(split_at_gaps(line)) == 1


def test_a_gap_is_wide_though_it_is_one_of_two() -> None:
    page = number_page("1 88")
    line = line_on(np.delete(page, slice(162, 174), axis=1))
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
    line = line_on(boxed(*cells, wide=110))
    assert len(line.walls) == 3 and len(split_at_gaps(line)) == 1
    line = line_on(boxed(*cells, wide=110, sides=False))
    assert not len(line.walls) and len(split_at_gaps(line)) == 2


@pytest.mark.parametrize("apart", [20, 60])
def test_the_fields_of_a_date_are_three_numbers(apart: int) -> None:
    fields = [boxed(*((22, digit) for digit in text), wide=80)[:, 48:-48] for text in ("24", "11", "2026")]
    page = np.pad(np.hstack([np.pad(field, ((0, 0), (0, apart)), constant_values=245) for field in fields]), 50)
    page[page == 0] = 245
    line = line_on(page)
    assert len(split_at_gaps(line)) == 3


def test_wide_boxes_are_one_field() -> None:
    line = line_on(boxed(*((offset, "1") for offset in (20, 45, 30, 50, 25)), wide=200))
    assert len(line.walls) == 6 and len(split_at_gaps(line)) == 1


def test_boxes_that_are_all_as_far_apart_are_one_field() -> None:
    page = np.hstack([boxed((12 + 25 * (place % 2), "1"), wide=80)[:, 30:-30] for place in range(5)])
    line = line_on(page)
    assert len(line.walls) == 10 and len(split_at_gaps(line)) == 1
    for missed in range(1, 9):  # a side that was not found
        assert len(split_at_gaps(line._replace(walls=np.delete(line.walls, missed)))) == 1


def test_a_box_with_two_digits_holds_a_number() -> None:
    for cells in [(20, "38"), (60, "52")], [(20, "38"), (60, "24"), (60, "6")]:
        line = line_on(boxed(*cells, wide=200))
        parts = split_at_gaps(line)
        assert len(parts) == len(cells)
        moved = [line.shifts[0] - part.shifts[0] for part in parts]
        assert [part.walls[0] for part in parts] == [line.walls[0] - shift for shift in moved]


def test_narrow_boxes_of_a_table_part_its_numbers() -> None:
    line = line_on(boxed((12, "38"), (8, "52"), (14, "71"), (12, "4"), wide=112))
    assert len(split_at_gaps(line)) == 4
    without = line._replace(walls=line.walls[:0])
    assert len(split_at_gaps(without)) == 1


@pytest.mark.parametrize("pitch", [30, 42, 54, 66])
def test_squares_on_the_paper_part_nothing(pitch: int) -> None:
    page = number_page("4017236", gap=20)
    page[::pitch] = np.minimum(page[::pitch], 110)
    page[:, ::pitch] = np.minimum(page[:, ::pitch], 110)
    line = line_on(page)
    assert len(line.walls) > 3 and len(split_at_gaps(line)) == 1


def test_digits_beside_a_margin_line_are_two_numbers() -> None:
    page = boxed((5, "4"), (80, "7"), wide=120, sides=False)
    page[:, 169:171] = 80
    line = line_on(page)
    assert len(line.walls) == 1 and len(split_at_gaps(line)) == 2


@pytest.mark.parametrize("apart", [1.4, 3.0])
def test_numbers_whose_digits_leave_no_gap_are_parted(apart: float) -> None:
    line = line_with((0, 3.2), (3.2 + apart, 5.6 + apart), (5.6 + 2 * apart, 6.4 + 2 * apart))
    assert len(split_at_gaps(line)) == 3


def test_two_digits_far_apart_are_two_numbers() -> None:
    page = number_page("8", "8")
    row = np.hstack([page[:120], np.full((120, 80), 245, np.uint8), page[:120]])
    line = line_on(row)
    assert len(split_at_gaps(line)) == 2


def test_the_parts_of_a_line_lie_where_they_were() -> None:
    line = line_on(number_page("12 345"))
    total = sum(float(part.ink.sum()) for part in split_at_gaps(line))
    assert abs(total - float(line.ink.sum())) < 0.01 * total
    second = split_at_gaps(line)[1]
    assert second.shifts[0] < line.shifts[0]
