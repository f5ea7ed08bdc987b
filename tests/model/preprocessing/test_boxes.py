"""The digit's box is in pixels of the picture as it was sent: turned, shrunk, an array, or one of many."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding.page import Page
from model.preprocessing.pipeline import Reading, read_digit, read_many, read_pixels, to_png
from tests.pictures import encoded

X, Y, WIDE, HIGH = 60, 40, 24, 160  # of a bar
SIZE = (300, 240)  # width and height of its page


def page() -> Image.Image:
    """A bar off the middle."""
    image = Image.new("L", SIZE, 255)
    image.paste(0, (X, Y, X + WIDE, Y + HIGH))
    return image


def box_of(reading: object) -> list[int]:
    """The reading's box."""
    assert isinstance(reading, Reading) and reading.box is not None
    return list(reading.box)


# Where the stored picture's first row and column are seen (CIPA DC-008), and so where the bar lies in it.
RIGHT, BELOW = SIZE[0] - X - WIDE, SIZE[1] - Y - HIGH
STORED = {
    1: [X, Y, WIDE, HIGH], 2: [RIGHT, Y, WIDE, HIGH], 3: [RIGHT, BELOW, WIDE, HIGH], 4: [X, BELOW, WIDE, HIGH],
    5: [Y, X, HIGH, WIDE], 6: [Y, RIGHT, HIGH, WIDE], 7: [BELOW, RIGHT, HIGH, WIDE], 8: [BELOW, X, HIGH, WIDE],
}  # fmt: skip


@pytest.mark.parametrize("orientation", STORED)
def test_the_box_is_in_the_stored_picture_for_every_exif_orientation(orientation: int) -> None:
    x, y, wide, high = STORED[orientation]
    stored = Image.new("L", SIZE if orientation < 5 else SIZE[::-1], 255)
    stored.paste(0, (x, y, x + wide, y + high))
    tags = Image.Exif()
    tags[0x0112] = orientation
    assert box_of(read_digit(encoded(stored, exif=tags))) == [x, y, wide, high]
    large = stored.resize((10 * stored.width, 10 * stored.height))
    for kind in ("JPEG", "PNG"):  # decoded at reduced size, and averaged
        found = box_of(read_digit(encoded(large, kind, exif=tags)))
        assert found == pytest.approx([10 * x, 10 * y, 10 * wide, 10 * high], abs=25)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "JPEG2000", "WEBP", "TIFF", "BMP", "GIF", "PPM"])
def test_the_box_is_the_same_in_every_format_and_in_proportion_at_every_size(kind: str) -> None:
    assert box_of(read_digit(encoded(page(), kind))) == pytest.approx([X, Y, WIDE, HIGH], abs=2)
    large = page().resize((2400, 1920))
    assert box_of(read_digit(encoded(large, kind))) == pytest.approx([480, 320, 192, 1280], abs=20)


def test_the_box_on_a_noisy_page_that_was_averaged_is_in_its_own_pixels() -> None:
    grain = np.random.default_rng(0).normal(0, 20, SIZE[::-1])
    noisy = (np.asarray(page()) * 0.6 + 60 + grain).clip(0, 255).astype(np.uint8)
    assert box_of(read_digit(to_png(noisy))) == pytest.approx([X, Y, WIDE, HIGH], abs=5)


def test_the_box_on_a_sheet_is_in_the_whole_picture() -> None:
    desk = Image.new("L", (600, 500), 50)
    desk.paste(page(), (110, 90))
    assert box_of(read_digit(encoded(desk))) == pytest.approx([110 + X, 90 + Y, WIDE, HIGH], abs=2)


def test_the_box_on_small_pages_is_the_ink_s() -> None:
    for shape in ((28, 28), (32, 36), (40, 12), (12, 40)):
        small = np.zeros(shape, np.uint8)
        small[2:9, 3:7] = 255
        for gray in (small, 255 - small):
            assert box_of(read_digit(to_png(gray))) == [3, 2, 4, 7]


@pytest.mark.parametrize("side", [28, 32])
def test_the_box_in_pixels_that_are_sent_is_that_of_all_that_is_not_zero(side: int) -> None:
    pixels = np.zeros((side, side), np.uint8)
    pixels[4:25, 10:14] = 1
    assert box_of(read_pixels(pixels)) == [10, 4, 4, 21]
    pixels[0, -1] = 1
    assert box_of(read_pixels(pixels)) == [10, 0, side - 10, 25]


def test_each_of_many_has_its_own_box() -> None:
    pages = []
    for left in range(10, 15):  # as MNIST has them
        small = np.zeros((28, 28), np.uint8)
        small[4:24, left : left + 5] = 255
        small[10:18, left + 5] = 90
        pages.append(small)
    tags = Image.Exif()
    tags[0x0112] = 3
    turned = encoded(Image.fromarray(pages[0]).transpose(Image.Transpose.ROTATE_180), exif=tags)
    readings = read_many([*(to_png(small) for small in pages), turned, pages[1]])
    assert [box_of(reading) for reading in readings] == [
        *([left, 4, 6, 20] for left in range(10, 15)), [28 - 16, 4, 6, 20], [11, 4, 6, 20],
    ]  # fmt: skip


@pytest.mark.parametrize("size", [None, (20, 10)])
def test_a_box_is_a_pixel_wide_and_high_at_least(size: tuple[int, int] | None) -> None:
    page = Page(np.zeros((10, 20), np.uint8), "PNG", size)
    assert page.box_as_sent(3, 4, 3.1, 4.1) == (3, 4, 1, 1)
    assert page.box_as_sent(3, 4, 4, 5) == (3, 4, 1, 1)
    assert page.box_as_sent(3, 4, 5, 7) == (3, 4, 2, 3)
