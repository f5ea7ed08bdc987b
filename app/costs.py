"""Where a picture is read follows from what reading it will cost, as its header says; its length alone says little."""

from __future__ import annotations

from app.pictures import Picture
from model.headers import jpeg, png
from model.headers.claim import Damaged, Excessive

SMALL_BYTES = 32_768
SMALL_PIXELS = 128 * 128
TINY_PIXELS = 64 * 64
PNG_START, JPEG_START = b"\x89PNG", b"\xff\xd8"


def is_tiny(picture: Picture) -> bool:
    """Whether reading the picture takes so little that it is done with others: pixels, or a plain PNG as small."""
    if isinstance(picture, list):
        return True
    return picture.startswith(PNG_START) and is_small_png(picture, TINY_PIXELS)


def is_small(picture: Picture) -> bool:
    """Whether reading the picture takes well under a millisecond: pixels, or a PNG or JPEG of few pixels and no more.

    Other formats have costs that their headers don't tell at a glance.
    """
    if isinstance(picture, list):
        return True
    if picture.startswith(JPEG_START):
        return is_small_jpeg(picture)
    return picture.startswith(PNG_START) and is_small_png(picture, SMALL_PIXELS)


def is_small_png(file: bytes, most: int) -> bool:
    """Whether a PNG has at most so many pixels, and nothing else that takes time."""
    try:
        width, height = png.size_of(file)
    except Damaged:
        return False
    if len(file) > SMALL_BYTES or not 0 < width * height <= most:
        return False
    return png.has_one_chunk(file) or png.is_plain(file)


def is_small_jpeg(file: bytes) -> bool:
    """Whether a JPEG has few pixels, is told in one go, and has nothing else that takes time."""
    if len(file) > SMALL_BYTES:
        return False
    try:
        frame, scans, head = jpeg.outline(file)
    except (Damaged, Excessive):
        return False
    return frame.width * frame.height <= SMALL_PIXELS and jpeg.is_plain(frame, scans, head)
