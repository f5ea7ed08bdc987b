"""The background by itself: which pixels are the border, the light, the polarity, full strength, ruled lines."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.background import (
    border_of,
    full_strength,
    has_dark_ink,
    illumination,
    without_ruled_lines,
)


@pytest.mark.parametrize(
    ("height", "width", "wide"), [(8, 8, 1), (49, 300, 1), (99, 99, 1), (100, 300, 2), (300, 149, 2), (500, 500, 10)]
)
def test_the_border_is_a_fiftieth_of_the_shorter_side_and_a_pixel_at_least(height: int, width: int, wide: int) -> None:
    page = np.zeros((height, width), np.uint8)
    page[:wide], page[-wide:] = 1, 2
    page[wide:-wide, :wide], page[wide:-wide, -wide:] = 3, 4
    border = border_of(page)
    assert border.size == 2 * wide * (height + width)
    assert set(border.tolist()) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("difference", "is_dark"),
    [
        ([-10, 0, 0], True),
        ([10, 0, 0], False),
        ([-10, *[4] * 10], True),
        ([10, *[-4] * 10], False),
        ([-5, 5], False),
        ([-0.5], True),
        ([0.5], False),
    ],
)
def test_the_ink_is_on_the_side_that_differs_more_strongly_be_it_in_fewer_pixels(
    difference: list[float], is_dark: bool
) -> None:
    assert has_dark_ink(np.float32([difference])) is is_dark


def test_full_ink_is_the_strongest_of_a_small_page_and_a_high_percentile_of_a_larger_one() -> None:
    for side, strength in ((40, 250), (41, 100)):
        ink = np.zeros((side, side), np.float32)
        ink[10:20, 10:20] = 100
        ink[15, 15] = 250
        assert full_strength(ink) == strength
    ink = np.zeros((50, 50), np.float32)
    ink[0] = np.arange(201, 251)
    assert full_strength(ink) == pytest.approx(245.1)
    ink[1:] = 75  # three tenths of the strongest, which is no ink yet
    assert full_strength(ink) == pytest.approx(245.1)
    ink[1:] = 76
    assert full_strength(ink) == 76
    assert full_strength(np.zeros((50, 50), np.float32)) == 0


def test_the_light_is_what_the_page_would_be_without_its_ink() -> None:
    light = np.linspace(220, 120, 480)[None, :] + np.linspace(0, 20, 240)[:, None]
    page = np.rint(light).astype(np.uint8)
    page[60:180, 200:220] = 10
    page[100:110, 120:300] = 10
    found = illumination(page)
    assert found.dtype == np.float32 and found.shape == page.shape
    inside = np.s_[30:-30, 30:-30]
    assert np.abs(found - light)[inside].max() < 7


@pytest.mark.parametrize(("shape", "side"), [((960, 960), 48), ((960, 80), 8), ((80, 960), 8), ((480, 160), 16)])
def test_the_light_is_estimated_at_48_pixels_of_the_longer_side_and_8_of_the_shorter_at_least(
    shape: tuple[int, int], side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []
    resize = Image.Image.resize
    monkeypatch.setattr(Image.Image, "resize", lambda self, size, how: sizes.append(size) or resize(self, size, how))
    illumination(np.full(shape, 200, np.uint8))
    small, large = sizes
    assert (max(small), min(small)) == (48, side) and large == (shape[1], shape[0])
    assert (small[0] > small[1]) is (shape[1] > shape[0])


def ruled(level: float = 100) -> np.ndarray:
    """Ink of a line across a page."""
    ink = np.zeros((20, 30), np.float32)
    ink[5] = level
    return ink


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_from_one_side_to_the_other_is_no_ink(turned: bool) -> None:
    ink = ruled()
    ink[8:15, 10:13] = 90
    ink = ink.T if turned else ink
    bare = without_ruled_lines(ink)
    bare = bare.T if turned else bare
    assert not bare[5].any() and (bare[8:15, 10:13] == 90).all()
    assert ink.max() == 100  # the page itself is left as it is


def test_what_is_stronger_than_a_line_by_64_levels_was_written_over_it() -> None:
    ink = ruled()
    ink[5, 10:13] = 163, 164, 200
    assert without_ruled_lines(ink)[5, 9:14].tolist() == [0, 0, 164, 200, 0]


def test_a_line_may_be_as_faint_as_can_be() -> None:
    assert not without_ruled_lines(ruled(0.5)).any()


@pytest.mark.parametrize("gap", [slice(0, 1), slice(29, 30)])
def test_a_stroke_that_reaches_one_side_alone_is_ink(gap: slice) -> None:
    ink = ruled()
    ink[5, gap] = 0
    assert (without_ruled_lines(ink) == ink).all()


def test_a_row_that_is_mostly_paper_is_no_line_although_it_has_ink_at_both_ends() -> None:
    ink = ruled(50)
    ink[5, 5:25] = 0
    assert (without_ruled_lines(ink) == ink).all()


@pytest.mark.parametrize(("count", "are_lines"), [(9, True), (10, False)])
def test_half_of_a_page_and_more_is_never_lines(count: int, are_lines: bool) -> None:
    ink = np.zeros((20, 30), np.float32)
    ink[2 : 2 + count] = 100
    assert bool(without_ruled_lines(ink).any()) is not are_lines
