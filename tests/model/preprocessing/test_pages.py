"""A digit is found and read the same on any page, in any light, and beside other marks."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit, to_png
from tests.pictures import NEAR, draw_seven, encoded


def test_where_the_drawing_stands_on_its_page_does_not_matter() -> None:
    page = Image.new("L", (900, 700), 255)
    page.paste(draw_seven(), (640, 450))
    page.putpixel((5, 690), 0)  # a speck of dust
    alone, placed = read_digit(encoded(draw_seven())).pixels, read_digit(encoded(page)).pixels
    assert np.abs(alone.astype(int) - placed.astype(int)).mean() < NEAR


def test_uneven_light_does_not_matter() -> None:
    light = np.linspace(0.35, 1.0, 200)[None, :] * np.linspace(1.0, 0.8, 200)[:, None]
    photo = Image.fromarray((np.asarray(draw_seven()) * 0.8 * light + 20).astype(np.uint8))
    plain, lit = read_digit(encoded(draw_seven())).pixels, read_digit(encoded(photo, "JPEG", quality=90)).pixels
    assert np.abs(plain.astype(int) - lit.astype(int)).mean() < 2 * NEAR


def test_a_hairline_survives_shrinking() -> None:
    image = Image.new("L", (1500, 1500), 255)
    image.paste(0, (700, 200, 704, 1300))
    pixels = read_digit(encoded(image)).pixels
    assert (pixels.max(axis=1) > 128).sum() >= 18


def test_a_page_without_ink_is_told_what_to_do() -> None:
    with pytest.raises(BlankImage, match="looks empty"):
        read_digit(to_png(np.full((60, 60), 200, np.uint8)))
    with pytest.raises(BlankImage, match="on plain paper"):
        read_digit(to_png(np.random.default_rng(0).integers(0, 255, (60, 60), np.uint8)))


def test_noise_is_no_ink() -> None:
    noise = np.random.default_rng(0).normal(128, 6, (300, 300)).clip(0, 255).astype(np.uint8)
    with pytest.raises(BlankImage):
        read_digit(to_png(noise))


@pytest.mark.parametrize("side", [12, 15, 20, 24])
def test_a_small_picture_is_seen_as_the_large_one_it_was_shrunk_from(side: int) -> None:
    large = draw_seven(240)
    seen = read_digit(to_png(np.asarray(large.reduce(240 // side)))).pixels.astype(int)
    assert np.abs(seen - read_digit(to_png(np.asarray(large))).pixels).mean() < NEAR


def test_a_digit_on_ruled_paper_is_read_as_without_the_lines() -> None:
    page = np.asarray(draw_seven(400)).copy()
    plain = read_digit(to_png(page)).pixels.astype(int)
    for top in range(20, 400, 45):
        page[top : top + 3] = np.minimum(page[top : top + 3], 190)
    assert np.abs(read_digit(to_png(page)).pixels - plain).mean() < NEAR


def test_a_digit_in_a_noisy_picture_is_read_as_without_the_noise() -> None:
    page = np.asarray(draw_seven(200, ink=40, paper=220))
    plain = read_digit(to_png(page)).pixels.astype(int)
    grain = np.random.default_rng(2).normal(0, 30, page.shape)
    noisy = np.clip(page + grain, 0, 255).astype(np.uint8)
    assert np.abs(read_digit(to_png(noisy)).pixels - plain).mean() < NEAR


def test_a_shadow_along_the_edge_is_no_part_of_the_digit() -> None:
    page = np.asarray(draw_seven(300)).copy()
    plain = read_digit(to_png(page)).pixels.astype(int)
    page[:, :12] = 90
    assert np.abs(read_digit(to_png(page)).pixels - plain).mean() < NEAR


def spotted(page: np.ndarray, side: int) -> np.ndarray:
    """The page with spots of ink on its left, away from the digit and from the edge."""
    page = page.copy()
    for top in range(20, 280, 40):
        page[top : top + side, 20 : 20 + side] = 0
    return page


def test_only_a_page_with_much_ink_beside_the_digit_is_cluttered() -> None:
    page = np.asarray(draw_seven(300))
    plain = read_digit(to_png(page))
    assert not plain.is_cluttered
    for side, is_cluttered in ((3, False), (12, False), (30, True)):
        reading = read_digit(to_png(spotted(page, side)))
        assert reading.is_cluttered is is_cluttered
        assert (reading.pixels == plain.pixels).all()


def test_a_stroke_that_fills_its_page_from_top_to_bottom_is_no_ruled_line() -> None:
    page = np.full((200, 80), 255, np.uint8)
    page[:, 32:46] = 0
    rows, columns = np.nonzero(read_digit(to_png(page)).pixels)
    assert np.ptp(rows) == 19 and np.ptp(columns) <= 3


@settings(max_examples=150, deadline=None)
@given(st.integers(8, 400), st.integers(8, 400), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_any_page_has_ink_or_is_blank(width: int, height: int, grains: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (grains, grains)).astype(np.uint8))
    page = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).copy()
    page[random.random(page.shape) < random.choice([0, 0.001, 0.1])] = random.integers(256)
    with suppress(BlankImage):
        assert read_digit(to_png(page)).pixels.any()
