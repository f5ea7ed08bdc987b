"""Where each rule of what is ink begins, to the pixel and the gray level."""

from __future__ import annotations

import numpy as np
import pytest

from model.preprocessing import foreground
from model.preprocessing.background import Background
from model.preprocessing.errors import BlankImage
from model.preprocessing.foreground import find_foreground, ink_of_any_page, may_have_clutter


def test_ink_in_a_shadow_is_made_stronger_as_far_as_a_background_of_32(monkeypatch: pytest.MonkeyPatch) -> None:
    light = np.repeat(np.float32([[200, 64, 32, 16]]), 60, axis=0).repeat(15, axis=1)
    monkeypatch.setattr(foreground, "background_of", lambda gray: Background(light, True, True))
    monkeypatch.setattr(foreground, "may_have_clutter", lambda ink, level: False)
    page = light.astype(np.uint8)
    page[20:40, 5:10] = page[20:40, 20:25] = page[20:40, 35:40] = page[20:40, 50:55] = 0
    ink, _ = ink_of_any_page(page)
    assert ink[30, [7, 22, 37, 52]].tolist() == [255, 255, 255, 127.5]


def test_what_differs_from_the_background_the_other_way_is_no_ink() -> None:
    page = np.full((28, 28), 128, np.uint8)
    page[8:20, 10:14] = 0
    page[5, 5] = 140
    assert find_foreground(page).pixels[5, 5] == 0


@pytest.mark.parametrize(("height", "reduced"), [(111, False), (112, True)])
def test_a_grainy_page_is_averaged_if_its_shorter_side_keeps_56_pixels(height: int, reduced: bool) -> None:
    page = np.full((height, 222), 150.0) + np.random.default_rng(0).normal(0, 8, (height, 222))
    page[30:80, 50:60] = 30
    ink, _ = ink_of_any_page(page.clip(0, 255).astype(np.uint8))
    assert ink.shape == ((56, 111) if reduced else (height, 222))


@pytest.mark.parametrize(("strength", "text"), [(15, "looks empty"), (16, "grainy")])
def test_a_page_without_sixteen_levels_of_contrast_is_empty_and_one_with_them_may_be_grainy(
    strength: int, text: str
) -> None:
    page = (97 + 3 * (np.indices((28, 28)).sum(axis=0) % 3)).astype(np.uint8)
    page[10:18, 10:18] = 100 + strength
    with pytest.raises(BlankImage, match=text):
        find_foreground(page)


def inked(height: int, width: int, at_border: bool = False) -> np.ndarray:
    """Ink float32 (H, W) of an upright stroke off the middle, and of a pixel on the border."""
    ink = np.zeros((height, width), np.float32)
    ink[4:-4, 3:5] = 255
    ink[0, -1] = 255 if at_border else 0
    return ink


@pytest.mark.parametrize(
    ("height", "width", "at_border", "is_cleaned"),
    [
        (28, 28, False, False), (28, 28, True, True), (40, 40, False, False), (40, 41, False, True),
        (41, 40, False, True), (19, 28, True, False), (20, 28, True, True), (41, 12, True, True),
    ],
)  # fmt: skip
def test_other_ink_is_looked_for_on_a_page_of_41_pixels_or_of_20_with_ink_at_its_border(
    height: int, width: int, at_border: bool, is_cleaned: bool
) -> None:
    assert may_have_clutter(inked(height, width, at_border), 100) is is_cleaned


def test_a_page_of_mnist_is_not_cleared_although_its_digit_reaches_the_border() -> None:
    ink = np.zeros((28, 28), np.float32)
    ink[0:21, 13] = ink[14:21, 11:17] = 255  # 21 pixels high, its center of mass a pixel below the middle
    assert not may_have_clutter(ink, 10)
    ink[21, 13] = 255  # 22 pixels: too high for a page of MNIST
    assert may_have_clutter(ink, 10)


def test_ink_at_the_border_counts_from_the_level_at_which_lines_are_seen() -> None:
    ink = inked(28, 28)
    ink[0] = 50
    assert may_have_clutter(ink, 49) and not may_have_clutter(ink, 50)
