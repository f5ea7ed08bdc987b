"""Bytes of a picture file → a grayscale array, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
import logging
import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, PngImagePlugin, UnidentifiedImageError

from model.preprocessing.decoding.c_libraries import hush_libtiff
from model.preprocessing.decoding.gray import plain, to_gray
from model.preprocessing.decoding.headers import Claim, Damaged, Excessive, Unread, claim_of, name_of
from model.preprocessing.decoding.headers.claim import WORK_SIDE
from model.preprocessing.decoding.heic import ADVICE, has_heif
from model.preprocessing.decoding.netpbm import open_netpbm
from model.preprocessing.decoding.small_png import decode_small_png

Image.MAX_IMAGE_PIXELS = None  # `Limits` decides, and the error says so
PngImagePlugin.MAX_TEXT_MEMORY = 16_000_000  # bytes that all texts of a PNG may unpack to
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the thread that decodes has its priority; the decoder's own would not
warnings.filterwarnings("ignore", module=r"PIL\.")  # whoever sent a damaged file hears of it, not the log
logging.getLogger("PIL").setLevel(logging.CRITICAL)
hush_libtiff()

FORMATS = "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000, PGM or PPM"
MEMORY_PER_PIXEL = 16  # bytes of the decoder's own, for as many pixels as are allowed; the dearest format takes so many
WORK_PER_PIXEL = 16  # passes over as many pixels as are allowed; a progressive JPEG has about ten
SIMPLER = "save it smaller, as a plain PNG or JPEG"
SPARE_BYTES = 16_000_000  # what any decoder may take
MAX_LOCKED_WORK = 5_000_000  # of a decoder that keeps Python's lock: 30 ms on one core of an Intel Xeon
MIN_SIDE = 8  # pixels
ORIENTATION = 0x0112  # EXIF tag
# EXIF orientation → (quarter turns counter-clockwise, mirrored left to right afterwards)
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}


class ImageError(Exception):
    """A picture that can't be read; the text says why.

    ├── EmptyImage  ├── UnsupportedFormat  ├── CorruptImage
    ├── ImageTooLarge  ├── ImageTooSmall  ├── InvalidPixels  └── BlankImage
    """


class EmptyImage(ImageError):
    """There are no bytes."""


class UnsupportedFormat(ImageError):
    """The bytes are of no format in FORMATS."""


class CorruptImage(ImageError):
    """The bytes begin like an image and can't be decoded."""


class ImageTooLarge(ImageError):
    """More bytes or pixels than the limits allow."""


class ImageTooSmall(ImageError):
    """A side is shorter than MIN_SIDE."""


class Limits(NamedTuple):
    """What is refused before decoding."""

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000


class Page(NamedTuple):
    """A decoded picture: gray uint8 (H, W), 0 black to 255 white, at most about WORK_SIDE a side; the file's format."""

    gray: NDArray[np.uint8]
    format: str


def decode(data: bytes, limits: Limits) -> Page:
    """The picture in `data`. Raises ImageError for whatever can't be decoded."""
    if not data:
        raise EmptyImage("The image is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The image has {len(data):,} bytes, more than {limits.max_bytes:,}.")
    small = decode_small_png(data, MIN_SIDE)
    if small is not None and small.size <= limits.max_pixels:
        return Page(small, "PNG")
    return decode_any(data, limits)


def decode_any(data: bytes, limits: Limits) -> Page:
    """The picture in `data`, of any format, by its general decoder. Raises ImageError."""
    claim = bounded_claim(data, limits)
    if claim.format == "JPEG2000" and claim.work > MAX_LOCKED_WORK:
        from model.preprocessing.decoding.isolated import decode_apart  # which imports this module

        return Page(decode_apart(data, limits), claim.format)
    return Page(decode_here(data, claim, limits), claim.format)


def decode_here(data: bytes, claim: Claim, limits: Limits) -> NDArray[np.uint8]:
    """Gray uint8 (H, W) of a picture whose claim is within the limits. Raises ImageError."""
    image, turn = load(data, claim, limits)
    return turned(to_gray(image), turn)


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


def unsupported(data: bytes, reason: str) -> UnsupportedFormat:
    """The error that says what the bytes are and what to send instead."""
    if not reason:
        name = name_of(data)
        reason = f"the bytes are {name}" if name else f"the bytes are no {FORMATS}"
    return UnsupportedFormat(f"{reason[0].upper()}{reason[1:]}.")


def load(data: bytes, claim: Claim, limits: Limits) -> tuple[Image.Image, tuple[int, bool] | None]:
    """The decoded picture, at about WORK_SIDE and in a plain mode, and how it is to be turned. Raises ImageError."""
    try:
        with open_image(data, claim) as image:
            check_size(*image.size, limits)
            small = plain(shrink(image, claim))
            return small, TURNS.get(image.getexif().get(ORIENTATION, 1)) if may_have_exif(image) else None
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise CorruptImage("The image is cut or damaged: its header can't be read.") from None
    except MemoryError:
        raise ImageTooLarge("The image needs more memory than there is.") from None
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        raise CorruptImage(f"The image is cut or damaged: {one_line(error)}.") from None


def one_line(error: Exception) -> str:
    """What a decoder says, without line ends and a full stop."""
    return " ".join(str(error).split()).rstrip(". ")


def open_image(data: bytes, claim: Claim) -> Image.Image:
    """The picture, not yet decoded where Pillow does that."""
    if claim.format == "PPM":
        return open_netpbm(data)
    return Image.open(io.BytesIO(data), formats=(claim.format,))


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooLarge or ImageTooSmall for what the header claims."""
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"The image has {width}×{height} pixels, more than {limits.max_pixels:,}.")
    if min(width, height) < MIN_SIDE:
        raise ImageTooSmall(f"The image has {width}×{height} pixels; a side needs {MIN_SIDE}.")


def may_have_exif(image: Image.Image) -> bool:
    """Whether a look for EXIF is worth its time."""
    return image.format in ("JPEG", "MPO", "TIFF", "WEBP") or "exif" in image.info


def shrink(image: Image.Image, claim: Claim) -> Image.Image:
    """The picture at about WORK_SIDE: a JPEG is decoded small right away, others are averaged."""
    longer = max(image.size)
    if longer < 2 * WORK_SIDE:
        return image
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (WORK_SIDE * image.width // longer, WORK_SIDE * image.height // longer))
    elif image.format == "JPEG2000":
        setattr(image, "reduce", claim.halvings)  # noqa: B010 - the plugin's own property, which hides the method
        image.load()
    factor = max(image.size) // WORK_SIDE
    return image if factor < 2 else plain(image).reduce(factor)


def turned(gray: NDArray[np.uint8], turn: tuple[int, bool] | None) -> NDArray[np.uint8]:
    """The picture upright, as its EXIF orientation says."""
    if turn is None:
        return gray
    quarters, mirrored = turn
    upright = np.rot90(gray, quarters)
    return np.ascontiguousarray(upright[:, ::-1] if mirrored else upright)
