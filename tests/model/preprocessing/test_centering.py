"""Centering as MNIST does: 20 pixels for the longer side, the center of mass in the middle of 28×28."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.preprocessing.centering import enlarged, scaled, thickened
from model.preprocessing.layout import extent, with_margin
from model.preprocessing.pipeline import read_digit, to_png


def bar(height: int, width: int, top: int, left: int, side: int = 28) -> np.ndarray:
    """A page uint8 (side, side), black, with a white bar."""
    page = np.zeros((side, side), np.uint8)
    page[top : top + height, left : left + width] = 255
    return page


def read(page: np.ndarray) -> np.ndarray:
    """The network's input for a page."""
    return read_digit(to_png(page)).pixels


def box_of(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the ink, without faint ink; bottom and right are exclusive."""
    rows, columns = np.nonzero(pixels >= 64)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def centre_of(pixels: np.ndarray) -> tuple[float, float]:
    """Row and column of the ink's center of mass."""
    total = pixels.sum(dtype=float)
    return tuple(float(np.indices(pixels.shape)[axis].ravel() @ pixels.ravel() / total) for axis in (0, 1))


@pytest.mark.parametrize("height", [17, 18, 19, 20, 21])
@pytest.mark.parametrize("lying", [False, True])
def test_a_digit_of_about_mnists_size_in_the_middle_is_left_alone(height: int, lying: bool) -> None:
    page = bar(height, 4, (28 - height) // 2, 12)
    page = np.ascontiguousarray(page.T) if lying else page
    assert (read(page)[2:30, 2:30] == page).all() and read(page).sum() == page.sum(dtype=int)


@pytest.mark.parametrize("height", [16, 22])
def test_one_of_another_size_is_brought_to_twenty_pixels(height: int) -> None:
    top, bottom, _, _ = box_of(read(bar(height, 4, (28 - height) // 2, 12)))
    assert bottom - top == 20


@pytest.mark.parametrize(
    ("down", "right", "placed"),
    [
        (0, 0, True), (-1, 0, True), (2, 0, True), (0, 1, True), (0, -2, True), (2, -2, True),
        (-2, 0, False), (3, 0, False), (0, 2, False), (0, -3, False), (3, -2, False), (2, 2, False),
    ],
)  # fmt: skip
def test_a_digit_may_lie_up_to_a_pixel_and_a_half_off_the_middle(down: int, right: int, placed: bool) -> None:
    page = bar(19, 5, 4 + down, 12 + right)  # centre at 13 + down, 14 + right; the middle is 13.5
    assert (abs(13 + down - 13.5) <= 1.5 and abs(14 + right - 13.5) <= 1.5) is placed
    assert bool((read(page)[2:30, 2:30] == page).all()) is placed
    if not placed:
        assert centre_of(read(page)) == pytest.approx((15.5, 15.5), abs=0.6)


@pytest.mark.parametrize(("height", "width"), [(100, 40), (40, 100), (60, 60), (300, 30), (13, 7), (9, 12)])
def test_the_longer_side_is_twenty_and_the_other_in_proportion(height: int, width: int) -> None:
    top, bottom, left, right = box_of(read(bar(height, width, 50, 60, side=400)))
    longer = max(height, width)
    assert bottom - top == pytest.approx(20 * height / longer, abs=1)
    assert right - left == pytest.approx(20 * width / longer, abs=1)
    assert max(bottom - top, right - left) == 20


def test_it_is_the_ink_that_is_centred_and_not_its_box() -> None:
    page = bar(100, 40, 150, 150, side=400)
    page[210:250, 150:230] = 255  # a foot, which is heavier
    pixels = read(page)
    assert centre_of(pixels) == pytest.approx((15.5, 15.5), abs=0.5)
    top, bottom, *_ = box_of(pixels)
    assert top + bottom < 32 - 2


@pytest.mark.parametrize("turns", range(4))
def test_a_shape_whose_ink_is_all_at_one_end_lies_at_the_fields_edge_and_not_beyond(turns: int) -> None:
    page = bar(30, 100, 100, 100, side=300)  # the heavy bar of a T
    page[130:200, 148:153] = 255
    top, bottom, left, right = box_of(read(np.rot90(page, turns)))
    assert {0: bottom == 30, 1: right == 30, 2: top == 2, 3: left == 2}[turns]
    assert bottom - top == right - left == 20


def test_faint_ink_beside_the_digit_does_not_make_it_smaller() -> None:
    page = bar(20, 20, 4, 4)
    plain = read(page)
    for level, same in ((25, True), (26, False)):  # a tenth of full ink is 25.5
        faint = page.copy()
        faint[4:24, 26] = level
        assert bool((read(faint)[:, :24] == plain[:, :24]).all()) is same


@pytest.mark.parametrize("width", [2, 4, 8, 30])
@pytest.mark.parametrize("side", [400, 900, 1500])
def test_strokes_of_any_width_come_out_about_two_pixels_wide_or_wider(width: int, side: int) -> None:
    image = Image.new("L", (side, side), 255)
    points = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.8)]
    ImageDraw.Draw(image).line([(x * side, y * side) for x, y in points], fill=0, width=width)
    pixels = read(np.asarray(image))
    leg = pixels[14:22].astype(float).sum(axis=1) / 255  # pixels of ink in each of the rows with the leg alone
    scale = 20 / (0.6 * side)
    wanted = max(2.0, width * scale)
    assert 0.6 * wanted < leg.mean() < 1.7 * wanted + 1


def test_strokes_that_are_wide_enough_are_not_thickened() -> None:
    pixels = read(bar(200, 40, 50, 100, side=300))  # 4 pixels at the digit's final size
    assert (pixels[12:20] > 127).sum(axis=1).tolist() == [4] * 8
    pixels = read(bar(200, 20, 50, 100, side=300))  # 2
    assert (pixels[12:20] > 127).sum(axis=1).tolist() == [2] * 8


def test_a_hairline_of_any_length_is_still_there() -> None:
    for height in (100, 300, 1000, 2000):
        margin = height // 5
        pixels = read(bar(height, 1, margin, height // 2 + margin, side=height + 2 * margin))
        assert (pixels.max(axis=1) > 128).sum() >= 18


@pytest.mark.parametrize("side", [27, 29, 36, 60])
def test_only_a_page_of_mnists_own_size_can_hold_a_digit_that_is_placed_already(side: int) -> None:
    pixels = read(bar(20, 6, 4, 11, side))
    top, bottom, left, right = box_of(pixels)
    assert (bottom - top, right - left) == (20, 6)
    assert centre_of(pixels) == pytest.approx((15.5, 15.5), abs=0.5)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (0, 24), (19, 0), (19, 24), (1, 1), (18, 23)])
def test_small_ink_is_read_alike_wherever_on_its_page_it_lies(top: int, left: int) -> None:
    inside = read(bar(9, 4, 10, 10))
    assert np.abs(read(bar(9, 4, top, left)).astype(int) - inside).mean() < 12


def test_what_just_reaches_the_threshold_is_in_the_box() -> None:
    assert extent(np.float32([0, 1, 2, 1, 0.9]), 1.0) == (1, 4)


@pytest.mark.parametrize(("height", "width", "size"), [(1000, 1, (20, 1)), (1, 1000, (1, 20)), (100, 30, (20, 6))])
def test_a_side_of_the_digit_is_a_pixel_at_least(height: int, width: int, size: tuple[int, int]) -> None:
    assert scaled(np.full((height, width), 90, np.float32), height, width).shape == size


def test_where_an_enlarged_digit_swings_below_paper_there_is_no_ink() -> None:
    ring = np.full((9, 9), 255, np.float32)
    ring[2:7, 2:7] = 0
    assert enlarged(ring).min() == 0


@pytest.mark.parametrize(("scale", "level", "pixels"), [(0.5, 255, 1), (0.51, 255, 0), (0.5, 128, 1), (0.5, 127, 2)])
def test_strokes_are_thickened_where_the_digit_is_shrunk_to_half_and_those_of_half_ink_count_for_none(
    scale: float, level: int, pixels: int
) -> None:
    ink = np.zeros((40, 9), np.float32)
    ink[:, 3:5] = level
    assert thickened(ink, scale).shape == (40 + 2 * pixels, 9 + 2 * pixels)


def test_a_margin_is_put_around_one_digit_or_around_each_of_many() -> None:
    digits = np.arange(3 * 28 * 28).reshape(3, 28, 28) % 256
    fields = with_margin(digits)
    assert fields.shape == (3, 32, 32) and fields.sum(dtype=int) == digits.sum()
    assert (fields[:, 2:30, 2:30] == digits).all() and (with_margin(digits[1]) == fields[1]).all()
