"""What is refused before it is decoded: too many bytes, pixels, or too much work; a format that is not read here."""

from __future__ import annotations

from typing import NamedTuple

from model.preprocessing.decoding.headers import Claim, Damaged, Excessive, Unread, claim_of, name_of
from model.preprocessing.decoding.heic import ADVICE, has_heif
from model.preprocessing.errors import CorruptImage, EmptyImage, ImageTooLarge, ImageTooSmall, UnsupportedFormat

FORMATS = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000, PGM or PPM"
MEMORY_PER_PIXEL = 16  # bytes of the decoder's own, for as many pixels as are allowed; the dearest format takes so many
WORK_PER_PIXEL = 16  # passes over as many pixels as are allowed; a progressive JPEG has about ten
SIMPLER = "save it smaller, as a plain PNG or JPEG"
SPARE_BYTES = 16_000_000  # what any decoder may take
MIN_SIDE = 8  # pixels


class Limits(NamedTuple):
    """What is refused before decoding."""

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000


def check_bytes(data: bytes, limits: Limits) -> None:
    """Raise EmptyImage or ImageTooLarge for what can be said of the file unseen."""
    if not data:
        raise EmptyImage("The image is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The image has {len(data):,} bytes, more than {limits.max_bytes:,}.")


def bounded_claim(data: bytes, limits: Limits) -> Claim:
    """What the file says of itself, if decoding that is within the limits. Raises ImageError."""
    try:
        claim = claim_of(data)
    except Damaged as error:
        raise CorruptImage(f"The image is cut or damaged: {error}.") from None
    except Excessive as error:
        raise ImageTooLarge(f"The image takes more to decode than it may: {error}.") from None
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
    """Raise ImageTooLarge or ImageTooSmall for what the header claims."""
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"The image has {width}×{height} pixels, more than {limits.max_pixels:,}.")
    if min(width, height) < MIN_SIDE:
        raise ImageTooSmall(f"The image has {width}×{height} pixels; a side needs {MIN_SIDE}.")


def unsupported(data: bytes, reason: str) -> UnsupportedFormat:
    """The error that says what the bytes are and what to send instead."""
    if not reason:
        name = name_of(data)
        reason = f"the bytes are {name}" if name else f"the bytes are no {FORMATS}"
    return UnsupportedFormat(f"{reason[0].upper()}{reason[1:]}.")
