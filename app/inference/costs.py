"""Estimate from a picture's header whether reading it is cheap. The length of the file alone says little.

"Small" means that it costs no more than a 128×128 PNG or JPEG, well under a millisecond.
"""

from __future__ import annotations

from app.inference.pictures import JPEG_START, Picture
from model.preprocessing.decoding.headers import jpeg, png
from model.preprocessing.decoding.headers.claim import Damaged, Excessive

SMALL_BYTES = 32_768  # of a file
SMALL_PIXELS = 128 * 128
TINY_PIXELS = 64 * 64


def is_tiny(picture: Picture) -> bool:
    """Whether reading the picture is so cheap that it is batched with others: pixels, or a plain PNG up to 64×64."""
    return isinstance(picture, list) or is_small_png(picture, TINY_PIXELS)


def is_small(picture: Picture) -> bool:
    """Whether reading the picture takes well under a millisecond: pixels, or a plain PNG or JPEG with few pixels.

    The cost of other formats can't be told from their first bytes.
    """
    if isinstance(picture, list):
        return True
    if picture.startswith(JPEG_START):
        return is_small_jpeg(picture)
    return is_small_png(picture, SMALL_PIXELS)


def is_small_png(file: bytes, most: int) -> bool:
    """Whether a PNG has at most `most` pixels, and nothing else that takes time."""
    try:
        width, height = png.size_of(file)
    except Damaged:
        return False
    if len(file) > SMALL_BYTES or not 0 < width * height <= most:
        return False
    return png.has_one_chunk(file) or png.is_plain(file)


def is_small_jpeg(file: bytes) -> bool:
    """Whether a JPEG has few pixels, is coded in one scan, and has nothing else that takes time."""
    if len(file) > SMALL_BYTES:
        return False
    try:
        frame, scans, head = jpeg.outline(file)
    except (Damaged, Excessive):
        return False
    return frame.width * frame.height <= SMALL_PIXELS and jpeg.is_plain(frame, scans, head)
