"""The background by itself: which pixels are the border, the light, the polarity, the noise, full strength."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing.background import background_of, border_of, full_strength, has_dark_ink, noise_of


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


@pytest.mark.parametrize("is_light", [True, False])
def test_uneven_light_is_what_the_page_would_be_without_its_ink(is_light: bool) -> None:
    light = np.linspace(220, 120, 480)[None, :] + np.linspace(0, 20, 240)[:, None]
    page = np.rint(light).astype(np.uint8)
    page[60:180, 200:220] = page[100:110, 120:300] = 10
    page, light = (page, light) if is_light else (255 - page, 255 - light)
    found = background_of(page)
    assert found.is_uneven and found.is_light is is_light
    assert found.level.dtype == np.float32 and found.level.shape == page.shape
    inside = np.s_[60:-60, 60:-60]
    difference = np.abs(found.level - light)
    assert difference[inside].max() < 7 and difference.max() < 25


@pytest.mark.parametrize(("rise", "is_uneven"), [(5, False), (12, True)])
def test_light_is_uneven_where_the_page_differs_by_more_than_six_levels_along_its_sides(
    rise: int, is_uneven: bool
) -> None:
    page = np.rint(np.linspace(200, 200 + rise, 100)).astype(np.uint8)[None, :].repeat(100, axis=0)
    page[40:60, 45:50] = 20
    background = background_of(page)
    assert background.is_uneven is is_uneven and background.is_light
    assert background.level.shape == (page.shape if is_uneven else (1, 1))


@pytest.mark.parametrize(("side", "is_uneven"), [(40, False), (41, True)])
def test_uneven_light_is_not_looked_for_on_a_small_page(side: int, is_uneven: bool) -> None:
    page = np.rint(np.linspace(220, 120, side)).astype(np.uint8)[None, :].repeat(120, axis=0)
    assert background_of(page).is_uneven is is_uneven


@pytest.mark.parametrize(("side", "level"), [(19, 0), (20, 200)])
def test_a_tiny_page_is_filled_by_its_digit_and_its_border_is_paper(side: int, level: int) -> None:
    page = np.full((side, side), 200, np.uint8)
    page[0], page[:, 0], page[-1], page[:, -1] = 0, 0, 0, 0
    assert background_of(page).level == level


def test_a_frame_along_the_border_is_not_taken_for_paper() -> None:
    for side in (28, 40, 200):
        page = np.full((side, side), 230, np.uint8)
        edge = max(1, side // 50)
        page[:edge] = page[-edge:] = page[:, :edge] = page[:, -edge:] = 30
        background = background_of(page)
        assert np.abs(background.level - 230).max() < 1 and background.is_light


@pytest.mark.parametrize("deviation", [0, 2, 9])
def test_noise_is_the_standard_deviation_of_paper_however_much_ink_is_on_it(deviation: int) -> None:
    difference = np.random.default_rng(0).normal(0, deviation, (200, 200))
    difference[50:110, 50:150] = -180
    assert noise_of(difference) == pytest.approx(deviation, rel=0.25)


def test_noise_is_that_of_the_border_where_ink_fills_the_page_and_that_of_the_page_where_a_frame_fills_the_border() -> (
    None
):
    inked, framed = np.zeros((100, 100)), np.full((100, 100), 80.0)
    inked[5:-5, 5:-5], framed[5:-5, 5:-5] = 80, 0
    assert noise_of(inked) == noise_of(framed) == 0


@pytest.mark.parametrize(("paper", "ink"), [(220, 60), (60, 220)])
@pytest.mark.parametrize("radius", [20, 50])
def test_a_large_blot_in_uneven_light_is_ink_all_over(paper: float, ink: float, radius: int) -> None:
    y, x = np.indices((200, 200))
    light = np.where(np.hypot(x - 100, y - 100) < radius, ink, paper + x * 0.15)
    background = background_of(light.astype(np.uint8))
    assert background.is_uneven and background.is_light is (paper > ink)
    assert abs(float(background.level[100, 100]) - (paper + 15)) < 25
