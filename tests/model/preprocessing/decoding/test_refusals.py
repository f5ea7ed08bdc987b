"""A file that can't be decoded raises a clear error, which says what is wrong and what to send instead."""

from __future__ import annotations

import os
import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.servers import resident_megabytes
from model.preprocessing.decoding.heic import has_heif
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.small_png import decode_small_png
from model.preprocessing.errors import (
    BlankImage,
    CorruptImage,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    UnsupportedFormat,
)
from model.preprocessing.pipeline import read_digit, to_png
from tests.pictures import draw_seven, encoded, png_header


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyImage),
        (b"hello, world", UnsupportedFormat),
        (b"%PDF-1.7 \n1 0 obj", UnsupportedFormat),
        (b"\x89PNG\r\n\x1a\n", CorruptImage),
        (b"\xff\xd8\xff\xe0 no more", CorruptImage),
        (png_header(28, 28), CorruptImage),
        (png_header(1, 1), ImageTooSmall),
        (png_header(20_000, 20_000), ImageTooLarge),
        (to_png(np.full((28, 28), 255, np.uint8)), BlankImage),
        (to_png(np.full((500, 300), 17, np.uint8)), BlankImage),
    ],
)
def test_what_can_not_be_read_is_one_clear_error_within_milliseconds(data: bytes, error: type[ImageError]) -> None:
    started = time.process_time()
    with pytest.raises(error) as caught:
        read_digit(data)
    assert time.process_time() - started < 0.5
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b'<?xml version="1.0"?>\n<!-- drawn --><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG; render"),
        (b"%PDF-1.7\n", "PDF; render it to PNG"),
        (b"PK\3\4", "unpack it first"),
        (b"data:image/png;base64,iVBORw0KGgo=", "decode it first"),
        (b"hello, world", "AVIF, JPEG 2000"),
    ],
)
def test_what_is_of_another_format_is_named_and_what_to_send_instead(data: bytes, advice: str) -> None:
    with pytest.raises(UnsupportedFormat, match=advice):
        read_digit(data)


@pytest.mark.skipif(not has_heif(), reason="needs the extra heic")
def test_a_heic_that_is_larger_than_it_says_is_refused_before_it_is_decoded() -> None:
    file = encoded(Image.new("L", (3000, 3000), 255), "HEIF")
    size = file.index(b"ispe") + 8  # after version and flags
    lying = file[:size] + (64).to_bytes(4) * 2 + file[size + 8 :]
    before = resident_megabytes(os.getpid())
    with pytest.raises(CorruptImage, match="maximum image size") as caught:
        read_digit(lying)
    assert "\n" not in str(caught.value) and resident_megabytes(os.getpid()) - before < 20


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_heic_without_the_extra_is_named_and_what_to_set(brand: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.preprocessing.decoding.limits.has_heif", lambda: False)
    size = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", box(b"ispe", struct.pack(">III", 0, 400, 300)))))
    with pytest.raises(UnsupportedFormat, match="HEIC") as caught:
        read_digit(box(b"ftyp", brand + bytes(4) + b"heic") + size)
    assert "Most Compatible" in str(caught.value) and "JPEG" in str(caught.value)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


def test_more_bytes_than_allowed_are_refused(seven: bytes) -> None:
    with pytest.raises(ImageTooLarge):
        read_digit(seven, Limits(max_bytes=len(seven) - 1))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.95])
def test_a_cut_file_is_an_error_of_the_tree_or_still_readable(kind: str, share: float) -> None:
    whole = encoded(draw_seven(), kind)
    try:
        read_digit(whole[: int(len(whole) * share)])
    except (CorruptImage, UnsupportedFormat, ImageTooLarge):
        pass
    else:
        assert kind in ("GIF", "BMP"), "only formats without a checksum may be read in part"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_never_raise_anything_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]))
    whole = bytearray(encoded(draw_seven(40), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        reading = read_digit(bytes(whole), Limits(max_pixels=4_000_000))
    except ImageError:
        return
    assert reading.pixels.shape == (32, 32)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    with pytest.raises(ImageError):
        read_digit(data)


def test_a_small_png_with_a_wrong_checksum_is_corrupt_on_either_path() -> None:
    data = bytearray(to_png(np.asarray(draw_seven(28))))
    assert decode_small_png(bytes(data), 8) is not None
    data[60] ^= 1
    assert decode_small_png(bytes(data), 8) is None
    with pytest.raises(CorruptImage):
        read_digit(bytes(data))


def test_a_sample_of_a_million_digits_is_refused_without_python_s_words() -> None:
    with pytest.raises(CorruptImage, match="no number up to 65,535"):
        read_digit(b"P2 8 8 255\n" + b"7 " * 63 + b"9" * 1_000_000)
