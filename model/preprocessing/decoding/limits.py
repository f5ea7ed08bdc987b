"""Refuse a file before it is decoded: too many bytes or pixels, too much memory or work, an unsupported format."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from model.preprocessing.decoding.headers import Claim, Damaged, Excessive, Unread, claim_of, name_of
from model.preprocessing.decoding.headers.claim import WORK_SIDE
from model.preprocessing.decoding.heic import ADVICE, has_heif
from model.preprocessing.errors import CorruptImage, EmptyImage, ImageTooLarge, ImageTooSmall, UnsupportedFormat

FORMATS = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000, PGM or PPM"
MEMORY_PER_PIXEL = 16  # bytes for each of max_pixels that a decoder may hold; the most expensive format takes as many
WORK_PER_PIXEL = 16  # passes over max_pixels that a decoder may make; a progressive JPEG makes about ten
SIMPLER = "save it smaller, as a plain PNG or JPEG"
SPARE_BYTES = 16_000_000  # that any decoder may hold in addition
MIN_SIDE = 8  # pixels
MAX_WORK_SIDE = 16_000  # pixels; at twice as many, OpenCV no longer samples a picture


class Limits(NamedTuple):
    """The largest file, in bytes, and the largest picture, in pixels, that are decoded.

    work_side: pixels; a picture whose longer side is at least twice as long is shrunk to about this. least_side:
    pixels; the shorter side is not shrunk below it, unless the picture has more than (2 · work_side)² pixels: a strip
    with a line of writing stays legible.
    """

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    work_side: int = WORK_SIDE
    least_side: int = 0

    def shrinking(self, width: int, height: int) -> int:
        """By which whole number both sides of a picture are divided; 0 or 1 if it stays as it is."""
        longer = max(width, height)
        factor = longer // self.work_side
        if not self.least_side:
            return factor
        needed = max(isqrt(width * height) // self.work_side, longer // MAX_WORK_SIDE)
        return min(factor, max(needed, min(width, height) // self.least_side))


def check_bytes(data: bytes, limits: Limits) -> None:
    """Raise EmptyImage or ImageTooLarge if the number of bytes is out of bounds."""
    if not data:
        raise EmptyImage("The image is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The image has {len(data):,} bytes, more than {limits.max_bytes:,}.")


def bounded_claim(data: bytes, limits: Limits) -> Claim:
    """Read the file's header, and check that decoding stays within the limits. Raises ImageError."""
    try:
        claim = claim_of(data, limits.shrinking)
    except Damaged as error:
        raise CorruptImage(f"The image is cut or damaged: {error}.") from None
    except Excessive as error:
        raise ImageTooLarge(f"Decoding the image would take too much: {error}.") from None
    except Unread as error:
        raise unsupported(data, str(error)) from None
    check_size(claim.width, claim.height, limits)
    if claim.memory > limits.max_pixels * MEMORY_PER_PIXEL + SPARE_BYTES:
        raise ImageTooLarge(f"Decoding the image would take {claim.memory / 1e6:,.0f} MB; {SIMPLER}.")
    if claim.work > limits.max_pixels * WORK_PER_PIXEL:
        raise ImageTooLarge(f"Decoding the image would take too long; {SIMPLER}.")
    if claim.format == "HEIF" and not has_heif():
        raise UnsupportedFormat(f"The bytes are HEIC, which is not read here; {ADVICE}.")
    return claim


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooLarge or ImageTooSmall if a size in pixels is out of bounds."""
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"The image has {width}×{height} pixels, more than {limits.max_pixels:,}.")
    if min(width, height) < MIN_SIDE:
        raise ImageTooSmall(f"The image has {width}×{height} pixels; a side needs {MIN_SIDE}.")


def unsupported(data: bytes, reason: str) -> UnsupportedFormat:
    """The error that says what the bytes are and what to send instead. reason: why not, or empty if it is unknown."""
    if not reason:
        name = name_of(data)
        reason = f"the bytes are {name}" if name else f"the bytes are no {FORMATS}"
    return UnsupportedFormat(f"{reason[0].upper()}{reason[1:]}.")
