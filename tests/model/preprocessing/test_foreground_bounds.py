"""Where each rule of what is ink begins, to the pixel and the gray level."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing import foreground
from model.preprocessing.errors import BlankImage
from model.preprocessing.foreground import find_foreground, ink_of_any_page, without_clutter


@pytest.fixture
def estimates(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The shapes of the pages whose light was estimated."""
    shapes: list[tuple[int, int]] = []
    estimate = foreground.illumination
    monkeypatch.setattr(foreground, "illumination", lambda gray: shapes.append(gray.shape) or estimate(gray))
    return shapes


def lit(height: int, width: int, count: int, level: int) -> np.ndarray:
    """A page of gray 200 with dark ink, in whose border, counted as its two rows and columns, so many are `level`."""
    page = np.full((height, width), 200, np.uint8)
    page[height // 3 : height // 2, width // 3 : width // 2] = 20
    page[0, 10 : 10 + count // 2] = page[1, 10 : 10 + count - count // 2] = level
    return page


@pytest.mark.parametrize("level", [170, 230])
@pytest.mark.parametrize(("count", "is_uneven"), [(76, False), (82, True)])  # of 800
def test_light_is_uneven_where_a_tenth_of_the_border_is_darker_or_lighter(
    count: int, level: int, is_uneven: bool, estimates: list[tuple[int, int]]
) -> None:
    find_foreground(lit(100, 100, count, level))
    assert bool(estimates) is is_uneven


@pytest.mark.parametrize(("level", "is_uneven"), [(176, False), (175, True)])
def test_light_is_uneven_from_twenty_five_levels_on(
    level: int, is_uneven: bool, estimates: list[tuple[int, int]]
) -> None:
    find_foreground(lit(100, 100, 150, level))
    assert bool(estimates) is is_uneven


@pytest.mark.parametrize(("height", "is_uneven"), [(40, False), (41, True)])
def test_light_is_not_estimated_where_one_side_of_the_page_has_no_room_for_it(
    height: int, is_uneven: bool, estimates: list[tuple[int, int]]
) -> None:
    find_foreground(lit(height, 120, 160, 100))
    assert bool(estimates) is is_uneven


def test_ink_in_a_shadow_is_made_stronger_as_far_as_a_background_of_32(monkeypatch: pytest.MonkeyPatch) -> None:
    light = np.repeat(np.float32([[200, 64, 32, 16]]), 60, axis=0).repeat(15, axis=1)
    monkeypatch.setattr(foreground, "illumination", lambda gray: light)
    page = light.astype(np.uint8)
    page[20:40, 5:10] = page[20:40, 20:25] = page[20:40, 35:40] = page[20:40, 50:55] = 0
    assert ink_of_any_page(page)[30, [7, 22, 37, 52]].tolist() == [255, 255, 255, 127.5]


def test_what_differs_from_the_background_the_other_way_is_no_ink() -> None:
    page = np.full((28, 28), 128, np.uint8)
    page[8:20, 10:14] = 0
    page[5, 5] = 140
    assert find_foreground(page).pixels[5, 5] == 0


@pytest.mark.parametrize(("height", "reduced"), [(111, False), (112, True)])
def test_a_grainy_page_is_averaged_if_its_shorter_side_keeps_56_pixels(height: int, reduced: bool) -> None:
    page = np.full((height, 222), 150.0) + np.random.default_rng(0).normal(0, 8, (height, 222))
    page[30:80, 50:60] = 30
    assert ink_of_any_page(page.clip(0, 255).astype(np.uint8)).shape == ((56, 111) if reduced else (height, 222))


@pytest.mark.parametrize(("strength", "text"), [(15, "looks empty"), (16, "grainy")])
def test_a_page_without_sixteen_levels_of_contrast_is_empty_and_one_with_them_may_be_grainy(
    strength: int, text: str
) -> None:
    page = np.where(np.indices((28, 28)).sum(axis=0) % 2, 98, 102).astype(np.uint8)
    page[10:18, 10:18] = 100 + strength
    with pytest.raises(BlankImage, match=text):
        find_foreground(page)


@pytest.mark.parametrize(("width", "cleaned"), [(40, False), (41, True)])
def test_dust_is_looked_for_on_pages_of_more_than_40_pixels(width: int, cleaned: bool) -> None:
    ink = np.zeros((40, width), np.float32)
    ink[10:30, 15:20] = 255
    ink[35, 35] = 200
    bare, stray = without_clutter(ink)
    assert bool(bare[35, 35] == 0) is (stray > 0) is cleaned
    assert stray == (pytest.approx(1 / 101) if cleaned else 0)


@pytest.mark.parametrize(("level", "is_digit"), [(127, False), (128, True)])
def test_lines_are_kept_where_nothing_stronger_than_half_is_left_without_them(
    level: int, is_digit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreground, "main_components", lambda ink: (ink, 0.0))
    ink = np.zeros((60, 60), np.float32)
    ink[20:40, 28:32] = level
    ink[50] = 255
    assert bool(without_clutter(ink)[0][50].any()) is not is_digit
