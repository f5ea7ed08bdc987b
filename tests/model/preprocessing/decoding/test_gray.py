"""Any mode becomes gray: the channel that shows the ink, transparency on a background, samples wider than a byte."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit, to_png
from tests.conftest import draw_seven

SIDE = 120
INK = np.asarray(draw_seven(SIDE)) < 128
PLAIN = read_digit(to_png(np.asarray(draw_seven(SIDE)))).pixels.astype(int)
NEAR = 10.0  # gray levels, on average


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def painted(ink: tuple[int, ...], paper: tuple[int, ...]) -> Image.Image:
    """A seven in two colors. In a color of four values, the last is alpha."""
    return Image.fromarray(np.where(INK[..., None], np.uint8(ink), np.uint8(paper)))


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
    assert distance(file_of(painted(ink, paper))) < NEAR


def test_brightness_is_looked_at_first_since_a_channel_has_more_grain() -> None:
    grain = np.random.default_rng(0).normal(0, 12, (SIDE, SIDE, 3))
    page = np.where(INK[..., None], [0.0, 60.0, 60.0], [230.0, 230.0, 230.0]) + grain
    gray = Image.fromarray(page.clip(0, 255).astype(np.uint8))
    luma = np.asarray(gray).astype(float) @ [0.299, 0.587, 0.114]
    assert (read_digit(file_of(gray)).pixels == read_digit(to_png(np.rint(luma).astype(np.uint8))).pixels).all()


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
    data = file_of(painted(ink, paper))
    if ink[3] == 0:
        with pytest.raises(BlankImage):
            read_digit(data)
    else:
        assert distance(data) < NEAR


def test_half_transparent_ink_is_half_as_dark() -> None:
    assert distance(file_of(painted((0, 0, 0, 128), (0, 0, 0, 0)))) < NEAR


def test_a_page_that_is_transparent_everywhere_is_blank() -> None:
    with pytest.raises(BlankImage):
        read_digit(file_of(painted((0, 0, 0, 0), (255, 255, 255, 0))))


@pytest.mark.parametrize("highest", [200, 255, 256, 4095, 65535])
def test_sixteen_bits_are_read_by_what_their_highest_sample_needs(highest: int) -> None:
    gray = Image.fromarray(np.where(INK, 0, highest).astype(np.uint16))
    if highest == 256:  # one more than a byte has: sixteen bits, of which white is 65,535
        with pytest.raises(BlankImage):
            read_digit(file_of(gray, "TIFF"))
    else:
        assert distance(file_of(gray, "TIFF")) < NEAR


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_samples_with_a_point_are_shares_or_bytes_or_sixteen_bits(white: float) -> None:
    gray = Image.fromarray(np.where(INK, 0, white).astype(np.float32))
    assert distance(file_of(gray, "TIFF")) < NEAR


def test_samples_that_are_no_numbers_are_black_and_no_crash() -> None:
    values = np.where(INK, np.nan, 1.0).astype(np.float32)
    assert distance(file_of(Image.fromarray(values), "TIFF")) < NEAR


@pytest.mark.parametrize("alpha", [0, 255])
def test_a_bmp_whose_program_knew_no_transparency_is_read(alpha: int) -> None:
    assert distance(file_of(painted((0, 0, 0, alpha), (255, 255, 255, alpha)), "BMP")) < NEAR


@pytest.mark.parametrize(
    "orientation", range(1, 9), ids=["none", "mirrored", "half", "flipped", "5", "right", "7", "left"]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_camera_that_was_turned_says_so_and_the_digit_stands_upright(orientation: int, kind: str) -> None:
    turns = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180], 4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE], 6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }  # fmt: skip
    image = draw_seven(SIDE)
    for turn in turns.get(orientation, []):
        image = image.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert distance(file_of(image.convert("RGB"), kind, exif=exif)) < NEAR
