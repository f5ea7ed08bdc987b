"""For any bytes, `read_digit` returns a reading or raises an ImageError: all formats, cut anywhere, and damaged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.preprocessing.decoding.decode import decode_any
from model.preprocessing.decoding.headers import READERS
from model.preprocessing.decoding.heic import has_heif
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.small_png import decode_small_png
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import read_digit, to_png
from tests.pictures import draw_seven, encoded

has_heif()  # so that Pillow can write it too
SIDE = 24  # pixels; short files can be cut everywhere
COLOUR = draw_seven(SIDE).convert("RGB")

EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
FILES = {
    "png": to_png(np.asarray(draw_seven(SIDE))),
    "palette png": encoded(COLOUR.convert("P")),
    "jpeg": encoded(COLOUR, "JPEG", exif=EXIF),
    "progressive jpeg": encoded(COLOUR, "JPEG", progressive=True),
    "gif": encoded(draw_seven(SIDE), "GIF", comment=b"drawn"),
    "bmp": encoded(COLOUR, "BMP"),
    "tiff": encoded(COLOUR, "TIFF"),
    "big tiff": encoded(draw_seven(SIDE), "TIFF", big_tiff=True),
    "lzw tiff": encoded(COLOUR, "TIFF", compression="tiff_lzw"),
    "jpeg tiff": encoded(COLOUR, "TIFF", compression="jpeg"),
    "fax tiff": encoded(draw_seven(SIDE).convert("1"), "TIFF", compression="group4"),
    "webp": encoded(COLOUR, "WEBP"),
    "webp with metadata": encoded(COLOUR.convert("RGBA"), "WEBP", lossless=True, exif=EXIF),
    "avif": encoded(COLOUR, "AVIF"),
    "jpeg 2000": encoded(COLOUR, "JPEG2000"),
    "code stream": encoded(COLOUR, "JPEG2000", no_jp2=True),
    "pgm": encoded(draw_seven(SIDE), "PPM"),
    "ppm": encoded(COLOUR, "PPM"),
    "pbm": encoded(draw_seven(SIDE).convert("1"), "PPM"),
    "text pgm": b"P2 24 24\n# drawn\n255\n" + b" ".join(b"%d" % gray for gray in draw_seven(SIDE).tobytes()),
    "text pbm": b"P1 24 24\n" + b"".join(b"%d" % (gray < 128) for gray in draw_seven(SIDE).tobytes()),
} | ({"heic": encoded(COLOUR, "HEIF")} if has_heif() else {})
SMALL = Limits(max_pixels=4_000_000)


def is_read_or_refused(data: bytes) -> bool:
    """Whether the file is read. A refusal must be an ImageError with a sentence; any other error fails the test."""
    try:
        return read_digit(data, SMALL).pixels.shape == (32, 32)
    except ImageError as error:
        return str(error).endswith(".")


@pytest.mark.parametrize("name", FILES)
def test_the_whole_file_is_read(name: str) -> None:
    assert read_digit(FILES[name]).pixels.any()


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_an_image_error_or_still_readable(name: str) -> None:
    whole = FILES[name]
    for length in [*range(min(len(whole), 200)), *range(200, len(whole), 7), len(whole) - 1]:
        assert is_read_or_refused(whole[:length])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_damaged_file_is_an_image_error_or_still_readable(name: str, data: st.DataObject) -> None:
    file = bytearray(FILES[name])
    header = st.integers(0, min(len(file), 120) - 1)
    for at in data.draw(st.lists(header | st.integers(0, len(file) - 1), min_size=1, max_size=6)):
        file[at] = data.draw(st.sampled_from((0, 255)) | st.integers(0, 255))
    assert is_read_or_refused(bytes(file))


STARTS = [*READERS, *(b"\0\0\0\x1cftyp" + brand for brand in (b"avif", b"mif1", b"heic", b"avis")), b"P5 9 9 255\n"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_random_bytes_behind_every_beginning_are_an_image_error(start: bytes, rest: bytes) -> None:
    assert is_read_or_refused(start + rest)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 80), st.binary(max_size=60))
def test_the_quick_decoder_of_small_pngs_raises_nothing_and_differs_in_nothing(kept: int, rest: bytes) -> None:
    file = FILES["png"][:kept] + rest
    quick = decode_small_png(file, 8)
    assert quick is None or (quick == decode_any(file, SMALL).gray).all()


def test_damaged_files_write_nothing_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("lzw tiff", "jpeg tiff", "fax tiff"):
        for at in range(8, len(FILES[name]), 5):
            file = bytearray(FILES[name])
            file[at] ^= 255
            assert is_read_or_refused(bytes(file))
    assert capfd.readouterr() == ("", "")
