"""Decode the bytes of a picture file to a grayscale array. Limits are checked before anything is decoded.

A small gray PNG takes a short path (small_png.py). Any other file is checked by its header (limits.py, headers/) and
decoded by Pillow (pillow.py), or in a process of its own if it would block Python for long (isolated.py).
"""

from __future__ import annotations

from model.preprocessing.decoding.isolated import decode_isolated
from model.preprocessing.decoding.limits import MIN_SIDE, Limits, bounded_claim, check_bytes
from model.preprocessing.decoding.page import Page
from model.preprocessing.decoding.pillow import decode_claimed
from model.preprocessing.decoding.small_png import decode_small_png

MAX_LOCKED_WORK = 5_000_000  # most work with Python's lock (GIL) held, as in Claim.work: 30 ms on an Intel Xeon core


def decode(data: bytes, limits: Limits) -> Page:
    """Decode the picture in `data`. Raises ImageError if it can't be decoded."""
    check_bytes(data, limits)
    small = decode_small_png(data, MIN_SIDE)
    if small is not None and small.size <= limits.max_pixels:
        return Page(small, "PNG")
    return decode_any(data, limits)


def decode_any(data: bytes, limits: Limits) -> Page:
    """Decode a picture of any format by the general path. Raises ImageError."""
    claim = bounded_claim(data, limits)
    if claim.format == "JPEG2000" and claim.work > MAX_LOCKED_WORK:
        return decode_isolated(data, limits)
    return decode_claimed(data, claim, limits)
