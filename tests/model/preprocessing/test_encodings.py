"""A drawing gets the same answer in every encoding and EXIF orientation."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding.decode import decode_any
from model.preprocessing.decoding.heic import has_heif
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import read_digit
from tests.pictures import NEAR, bmp_with_alpha, draw_seven, encoded


def transparent(image: Image.Image, ink: int) -> Image.Image:
    """The drawing in the alpha channel alone."""
    canvas = Image.new("LA", image.size, (ink, 0))
    canvas.putalpha(Image.fromarray(255 - np.asarray(image)))
    return canvas


def exif(image: Image.Image, orientation: int, undo: Image.Transpose, kind: str = "JPEG") -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return encoded(image.transpose(undo).convert("RGB"), kind, quality=95, exif=tags)


def netpbm(image: Image.Image, kind: bytes, white: int, samples: np.ndarray | bytes) -> bytes:
    content = samples if isinstance(samples, bytes) else samples.tobytes()
    return b"%b\n# drawn\n%d %d\n%d\n" % (kind, *image.size, white) + content


def tinted(image: Image.Image) -> Image.Image:
    """Blue ink on cream paper."""
    share = np.asarray(image)[..., None] / 255
    return Image.fromarray((share * [250, 243, 220] + (1 - share) * [30, 50, 160]).astype(np.uint8))


ENCODINGS: dict[str, Callable[[Image.Image], bytes]] = {
    "rgb png": lambda image: encoded(image.convert("RGB")),
    "rgba png": lambda image: encoded(image.convert("RGBA")),
    "gray alpha png": lambda image: encoded(image.convert("LA")),
    "palette png": lambda image: encoded(image.convert("P")),
    "16-bit png": lambda image: encoded(Image.fromarray(np.asarray(image).astype(np.uint16) * 257)),
    "jpeg": lambda image: encoded(image, "JPEG", quality=90),
    "cmyk jpeg": lambda image: encoded(image.convert("CMYK"), "JPEG", quality=95),
    "webp": lambda image: encoded(image.convert("RGB"), "WEBP", quality=90),
    "lossless webp": lambda image: encoded(image.convert("RGB"), "WEBP", lossless=True),
    "gif": lambda image: encoded(image, "GIF"),
    "bmp": lambda image: encoded(image, "BMP"),
    "tiff": lambda image: encoded(image, "TIFF"),
    "avif": lambda image: encoded(image.convert("RGB"), "AVIF", quality=90),
    "turned avif": lambda image: exif(image, 6, Image.Transpose.ROTATE_90, "AVIF"),
    "turned webp": lambda image: exif(image, 8, Image.Transpose.ROTATE_270, "WEBP"),
    "turned tiff": lambda image: exif(image, 5, Image.Transpose.TRANSPOSE, "TIFF"),
    "jpeg 2000": lambda image: encoded(image.convert("RGB"), "JPEG2000"),
    "jpeg 2000 code stream": lambda image: encoded(image, "JPEG2000", no_jp2=True),
    "large jpeg 2000": lambda image: encoded(image.resize((1600, 1600)), "JPEG2000"),
    "pgm": lambda image: encoded(image, "PPM"),
    "ppm": lambda image: encoded(image.convert("RGB"), "PPM"),
    "16-bit pgm": lambda image: netpbm(image, b"P5", 65_535, np.asarray(image).astype(">u2") * 257),
    "pgm of 16 grays": lambda image: netpbm(image, b"P5", 15, np.asarray(image) // 17),
    "pgm as text": lambda image: netpbm(image, b"P2", 255, " ".join(map(str, image.tobytes())).encode()),
    "float tiff from 0 to 1": lambda image: encoded(Image.fromarray(np.asarray(image) / np.float32(255)), "TIFF"),
    "float tiff from 0 to 255": lambda image: encoded(Image.fromarray(np.asarray(image) * np.float32(1)), "TIFF"),
    "16-bit tiff": lambda image: encoded(Image.fromarray(np.asarray(image).astype(np.uint16) * 257), "TIFF"),
    "large 16-bit png": lambda image: encoded(
        Image.fromarray(np.asarray(image.resize((1600, 1600))).astype(np.uint16) * 257)
    ),
    "bmp whose alpha is all 0": lambda image: bmp_with_alpha(image, 0),
    "bmp whose alpha is all 255": lambda image: bmp_with_alpha(image, 255),
    "large bmp whose alpha is all 0": lambda image: bmp_with_alpha(image.resize((1600, 1600)), 0),
    "black on transparent": lambda image: encoded(transparent(image, 0)),
    "white on transparent": lambda image: encoded(transparent(image, 255)),
    "inverted": lambda image: encoded(Image.fromarray(255 - np.asarray(image))),
    "low contrast": lambda image: encoded(image.point(lambda v: 120 + v // 4)),
    "blue on cream": lambda image: encoded(tinted(image)),
    "turned by exif": lambda image: exif(image, 6, Image.Transpose.ROTATE_90),
    "mirrored by exif": lambda image: exif(image, 2, Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down by exif": lambda image: exif(image, 3, Image.Transpose.ROTATE_180),
    "twice as large": lambda image: encoded(image.resize((400, 400), Image.Resampling.BICUBIC)),
    "eight times as large": lambda image: encoded(image.resize((1600, 1600), Image.Resampling.BICUBIC)),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_of_one_drawing_is_read_alike(name: str) -> None:
    drawing = draw_seven()
    plain = read_digit(encoded(drawing)).pixels.astype(int)
    other = read_digit(ENCODINGS[name](drawing)).pixels.astype(int)
    assert np.abs(plain - other).mean() < NEAR


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_the_exif_standard_says(orientation: int) -> None:
    shown = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    # Which edge of what is shown the first row and the first column of the file are (CIPA DC-008, "Orientation").
    first_row_is_a_column = orientation >= 5
    stored = shown.T if first_row_is_a_column else shown
    stored = stored[::-1] if orientation in (3, 4, 6, 7) else stored
    stored = stored[:, ::-1] if orientation in (2, 3, 7, 8) else stored
    tags = Image.Exif()
    tags[0x0112] = orientation
    file = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=tags)
    assert (decode_any(file, Limits()).gray == shown).all()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
def test_a_picture_is_turned_as_its_xmp_says_where_it_has_no_exif(kind: str) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    metadata = {"tiffinfo": {700: xmp}} if kind == "TIFF" else {"xmp": xmp}
    file = encoded(draw_seven().transpose(Image.Transpose.ROTATE_90).convert("RGB"), kind, **metadata)
    plain = read_digit(encoded(draw_seven())).pixels.astype(int)
    assert np.abs(read_digit(file).pixels - plain).mean() < NEAR


def test_a_picture_whose_other_exif_tags_are_damaged_is_turned_all_the_same() -> None:
    turned = struct.pack("<HHII", 0x0112, 3, 1, 6)
    damaged = struct.pack("<HHII", 0x0128, 4, 1, 0xFFFFFF00)  # a unit, too large and of the wrong type
    tags = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + turned + damaged + bytes(4)
    file = encoded(draw_seven().transpose(Image.Transpose.ROTATE_90).convert("RGB"), "JPEG", exif=tags)
    plain = read_digit(encoded(draw_seven())).pixels.astype(int)
    assert np.abs(read_digit(file).pixels - plain).mean() < NEAR


def test_a_one_bit_picture_is_read() -> None:
    assert read_digit(encoded(draw_seven().convert("1"))).pixels.max() == 255


def test_heic_is_read_where_the_extra_is_installed() -> None:
    pytest.importorskip("pillow_heif")
    assert has_heif()
    plain = read_digit(encoded(draw_seven())).pixels.astype(int)
    reading = read_digit(encoded(draw_seven().convert("RGB"), "HEIF"))
    assert np.abs(reading.pixels - plain).mean() < NEAR and reading.format == "HEIF"


def test_the_first_frame_of_an_animation_is_what_is_read() -> None:
    first, second = draw_seven(), Image.new("L", (200, 200), 255)
    assert read_digit(encoded(first, "GIF", save_all=True, append_images=[second])).pixels.any()
    with pytest.raises(BlankImage):
        read_digit(encoded(second, "GIF", save_all=True, append_images=[first]))
