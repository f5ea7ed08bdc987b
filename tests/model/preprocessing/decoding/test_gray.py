"""Any mode becomes gray: the channel that shows the ink, transparency on a background, samples wider than a byte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding.gray import plain, to_gray
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit, to_png
from tests.pictures import bmp_with_alpha, draw_seven, encoded, painted

SIDE = 120
INK = np.asarray(draw_seven(SIDE)) < 128
PLAIN = read_digit(to_png(np.asarray(draw_seven(SIDE)))).pixels.astype(int)
NEAR = 10.0  # gray levels, on average


def distance(data: bytes) -> float:
    """The mean difference between the reading and the plain seven's, in gray levels."""
    return float(np.abs(read_digit(data).pixels - PLAIN).mean())


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((255, 0, 0), (0, 130, 0)),  # as bright as each other: only red or green tells them
        ((0, 130, 0), (255, 0, 0)),
        ((0, 0, 255), (29, 29, 29)),  # only blue
        ((29, 29, 29), (0, 0, 255)),
        ((130, 76, 76), (76, 104, 76)),
        ((255, 255, 0), (255, 255, 255)),  # yellow on white is next to nothing but in blue
        ((0, 0, 0), (255, 255, 255)),
        ((20, 40, 160), (240, 240, 230)),
    ],
)
def test_ink_of_any_colour_is_seen_on_paper_of_any_other(ink: tuple[int, ...], paper: tuple[int, ...]) -> None:
    assert distance(encoded(painted(ink, paper, SIDE))) < NEAR


def test_brightness_is_looked_at_first_since_a_channel_has_more_grain() -> None:
    grain = np.random.default_rng(0).normal(0, 12, (SIDE, SIDE, 3))
    page = np.where(INK[..., None], [0.0, 60.0, 60.0], [230.0, 230.0, 230.0]) + grain
    gray = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    luma = np.asarray(gray).astype(float) @ [0.299, 0.587, 0.114]
    assert (read_digit(encoded(gray)).pixels == read_digit(to_png(np.rint(luma).astype(np.uint8))).pixels).all()


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((0, 0, 0, 255), (0, 0, 0, 0)),  # black ink on nothing
        ((255, 255, 255, 255), (255, 255, 255, 0)),  # white ink on nothing
        ((0, 0, 0, 255), (255, 255, 255, 0)),
        ((255, 255, 255, 255), (0, 0, 0, 0)),
        ((0, 0, 0, 255), (255, 255, 255, 255)),
        ((0, 0, 0, 0), (255, 255, 255, 255)),  # a hole in white paper shows nothing but itself, and is filled:
    ],
)
def test_ink_on_a_transparent_page_is_seen_whatever_its_colour(ink: tuple[int, ...], paper: tuple[int, ...]) -> None:
    data = encoded(painted(ink, paper, SIDE))
    if ink[3] == 0:
        with pytest.raises(BlankImage):
            read_digit(data)
    else:
        assert distance(data) < NEAR


def test_half_transparent_ink_is_half_as_dark() -> None:
    assert distance(encoded(painted((0, 0, 0, 128), (0, 0, 0, 0), SIDE))) < NEAR


def test_a_page_that_is_transparent_everywhere_is_blank() -> None:
    with pytest.raises(BlankImage):
        read_digit(encoded(painted((0, 0, 0, 0), (255, 255, 255, 0), SIDE)))


@pytest.mark.parametrize("highest", [200, 255, 256, 4095, 65535])
def test_sixteen_bits_are_read_by_what_their_highest_sample_needs(highest: int) -> None:
    gray = Image.fromarray(np.where(INK, 0, highest).astype(np.uint16))
    if highest == 256:  # one more than a byte has: sixteen bits, of which white is 65,535
        with pytest.raises(BlankImage):
            read_digit(encoded(gray, "TIFF"))
    else:
        assert distance(encoded(gray, "TIFF")) < NEAR


def grays(pixels: list[tuple[int, ...]] | list[float], kind: type[np.generic] = np.uint8) -> list[int]:
    """What a page of one row of such pixels is in gray."""
    return to_gray(plain(Image.fromarray(np.array([pixels], kind)))).tolist()[0]


@pytest.mark.parametrize(
    ("samples", "gray"),
    [
        ([0, 0.25, 1], [0, 64, 255]),  # shares of white, since none is above 1
        ([0.2, 0.5, 0.4], [51, 128, 102]),
        ([0, 1, 1.25], [0, 1, 1]),  # bytes
        ([-1, 100.6, 255], [0, 101, 255]),
        ([0, 25_700, 256], [0, 100, 1]),  # sixteen bits
        ([0, 65_535, 99_999], [0, 255, 255]),
        ([float("nan"), 0, 1], [0, 0, 255]),
        ([-5, -1, -3], [0, 0, 0]),
    ],
)
def test_wide_samples_are_shares_bytes_or_sixteen_bits_and_what_is_beyond_is_black_or_white(
    samples: list[float], gray: list[int]
) -> None:
    assert grays(samples, np.float32) == gray


def test_gray_is_luma_as_bt_601_weighs_the_colours() -> None:
    colours = [(0, 0, 0), (255, 255, 255), (200, 200, 0), (0, 200, 200), (200, 0, 200), (10, 20, 30)]
    assert grays(colours) == [0, 255, 177, 140, 83, 18]


@pytest.mark.parametrize(
    ("ink", "gray"),
    [
        ((100, 51, 0), 60),  # luma differs by 0.6 of what red does, which is enough
        ((100, 50, 0), 100),
        ((0, 100, 0), 100),
        ((0, 0, 100), 100),
        ((0, 100, 50), 64),
    ],
)
def test_a_channel_is_taken_where_luma_differs_by_less_than_six_tenths_of_it(
    ink: tuple[int, int, int], gray: int
) -> None:
    assert grays([(0, 0, 0), ink]) == [0, gray]


@pytest.mark.parametrize(
    ("pixels", "gray"),
    [
        ([(9, 9, 9, 255), (99, 99, 99, 254)], [9, 99]),  # nearly opaque everywhere
        ([(9, 9, 9, 0), (99, 99, 99, 127)], [255, 255]),  # nothing is more opaque than not: blank
        ([(9, 9, 9, 127), (99, 99, 99, 127)], [255, 255]),
        ([(9, 9, 9, 0), (99, 99, 99, 128)], [255, 177]),  # dark ink on white
        ([(9, 9, 9, 0), (127, 127, 127, 255)], [255, 127]),
        ([(9, 9, 9, 0), (128, 128, 128, 255)], [0, 128]),  # light ink on black
        ([(9, 9, 9, 51), (200, 200, 200, 255)], [2, 200]),
        ([(9, 9, 9, 51), (40, 40, 40, 255), (60, 60, 60, 255)], [42, 40, 60]),  # on what most of the page is
        ([(9, 9, 9, 0), (9, 9, 9, 0), (70, 70, 70, 255), (70, 70, 70, 255)], [255, 255, 70, 70]),  # half is not most
        ([(9, 9, 9, 0), (9, 9, 9, 0), (9, 9, 9, 0), (70, 70, 70, 255), (90, 90, 90, 255)], [255, 255, 255, 70, 90]),
    ],
)
def test_what_is_transparent_shows_most_of_the_page_or_else_what_the_ink_stands_out_of(
    pixels: list[tuple[int, ...]], gray: list[int]
) -> None:
    assert grays(pixels) == gray


@pytest.mark.parametrize(
    ("mode", "becomes"),
    [
        ("1", "L"), ("L", "L"), ("P", "RGB"), ("RGB", "RGB"), ("CMYK", "RGB"), ("YCbCr", "RGB"), ("HSV", "RGB"),
        ("LA", "RGBA"), ("PA", "RGBA"), ("RGBA", "RGBA"), ("RGBa", "RGBA"), ("I", "I"), ("I;16", "I"),
        ("F", "F"),
    ],
)  # fmt: skip
def test_every_mode_becomes_one_of_five_and_one_of_them_is_not_copied(mode: str, becomes: str) -> None:
    image = Image.new(mode, (3, 2))
    assert plain(image).mode == becomes
    assert (plain(image) is image) is (mode == becomes)


def test_a_colour_that_stands_for_nothing_is_transparent() -> None:
    image = Image.new("RGB", (3, 2))
    image.info["transparency"] = (0, 0, 0)
    assert plain(image).mode == "RGBA"
    of_a_palette = Image.new("P", (3, 2))
    of_a_palette.putpalette([9, 9, 9, 0], "RGBA")
    assert plain(of_a_palette).getpixel((0, 0)) == (9, 9, 9, 0)


def test_a_cut_file_is_found_out_while_the_file_is_still_open() -> None:
    data = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (99, 99), np.uint8)), "BMP")
    with pytest.raises(OSError, match="truncated"):
        plain(Image.open(io.BytesIO(data[:-2000])))


@pytest.mark.parametrize(("alpha", "mode"), [((0, 0), "RGB"), ((0, 255), "RGBA"), ((255, 255), "RGBA")])
def test_an_alpha_that_is_0_everywhere_means_nothing_in_a_bmp(alpha: tuple[int, int], mode: str) -> None:
    file = bmp_with_alpha(Image.new("L", (2, 1)), np.array([alpha], np.uint8))
    assert plain(Image.open(io.BytesIO(file))).mode == mode


def test_an_alpha_that_is_0_everywhere_is_meant_in_a_png() -> None:
    assert plain(Image.open(io.BytesIO(encoded(Image.new("RGBA", (2, 1)))))).mode == "RGBA"
    assert plain(Image.open(io.BytesIO(encoded(Image.new("RGB", (2, 1)), "BMP")))).mode == "RGB"
