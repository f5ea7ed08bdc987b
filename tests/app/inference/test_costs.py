"""The estimate of a picture's cost from its header, which decides where the picture is read."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.inference.costs import is_small, is_tiny
from app.inference.pictures import Picture
from model.preprocessing.pipeline import to_png
from tests.pictures import encoded


def png(width: int, height: int) -> bytes:
    return to_png(np.full((height, width), 255, np.uint8))


def plain(width: int, height: int = 28, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), "white")


def with_text(packed: bool) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 1_000_000 if packed else "x", zip=packed)
    return encoded(plain(28), pnginfo=info)


def in_chunks(count: int) -> bytes:
    empty = bytes.fromhex("000000004944415435af061e")  # an IDAT without content
    file = png(28, 28)
    return file[:33] + empty * count + file[33:]


PICTURES: dict[str, tuple[Picture, bool, bool]] = {
    "pixels": ([bytes(28)] * 28, True, True),
    "28": (png(28, 28), True, True),
    "colour": (encoded(plain(28)), True, True),
    "64": (png(64, 64), True, True),
    "65": (png(65, 64), False, True),
    "128": (png(128, 128), False, True),
    "129": (png(129, 128), False, False),
    "long": (png(28, 28) + bytes(40_000), False, False),
    "cut": (png(28, 28)[:20], False, False),
    "text": (with_text(packed=False), True, True),
    "a megabyte of packed text": (with_text(packed=True), False, False),
    "a few chunks": (in_chunks(5), True, True),
    "thousands of chunks": (in_chunks(2_000), False, False),
    "jpeg": (encoded(plain(128, 128), "JPEG"), False, True),
    "wide jpeg": (encoded(plain(129, 128), "JPEG"), False, False),
    "progressive jpeg": (encoded(plain(28), "JPEG", progressive=True), False, False),
    "progressive jpeg of little data": (encoded(plain(2_000, 2_000, "L"), "JPEG", progressive=True), False, False),
    "jpeg with metadata": (encoded(plain(28), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"), False, False),
    "cut jpeg": (encoded(plain(28), "JPEG")[:30], False, False),
    "no jpeg": (b"\xff\xd8" + bytes(2_000), False, False),
    "gif": (encoded(plain(28), "GIF"), False, False),
    "webp": (encoded(plain(28), "WEBP"), False, False),
    "empty": (b"", False, False),
}


@pytest.mark.parametrize("name", PICTURES)
def test_tiny_ones_are_read_together_small_ones_at_once_and_others_in_a_thread(name: str) -> None:
    picture, tiny, small = PICTURES[name]
    assert (is_tiny(picture), is_small(picture)) == (tiny, small)
