"""Any picture of a digit → the one 32×32 array that the model is given: one function for training and serving.

decode (`decoding/`) → background, foreground → centering, as MNIST centres its digits
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from model import faults
from model.faults import result_or_error
from model.preprocessing import batch_centering
from model.preprocessing.batch_centering import SHAPE
from model.preprocessing.centering import FIELD_SIDE, in_field, place
from model.preprocessing.decoding.decode import Page, decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import BlankImage, InvalidPixels
from model.preprocessing.foreground import find_ink

PIPELINE_VERSION = 2  # goes up with any change that lets a picture be read differently
MAX_STRAY = 0.05  # of the ink on a page; twice what 99 of 100 pages with one digit have
MANY = 4  # pages from which looking at them together is quicker than one after the other
DEFAULT_LIMITS = Limits()

log = logging.getLogger(__name__)


class Reading(NamedTuple):
    """What the model is given, uint8 (32, 32), white ink on black, and where it comes from.

    format: of the file, or "pixels"; stray: share, 0–1, of the ink on the page that lay beside the digit.
    """

    pixels: NDArray[np.uint8]
    format: str
    stray: float = 0.0

    @property
    def is_cluttered(self) -> bool:
        """Whether so much ink lay beside what was taken for the digit that the page shows something else."""
        return self.stray > MAX_STRAY


def read_digit(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read the bytes of a picture file. Raises ImageError."""
    return read_page(decode(data, limits))


def read_page(page: Page) -> Reading:
    """Read a decoded picture. Raises BlankImage."""
    ink = find_ink(page.gray)
    return Reading(place(ink), page.format, ink.stray)


def read_many(
    pictures: Sequence[bytes | NDArray[np.uint8]], limits: Limits = DEFAULT_LIMITS
) -> list[Reading | Exception]:
    """What `read_digit` returns or raises for each file, and `read_pixels` for each array, in order.

    Sooner than one after the other where many of the files are pages as MNIST has them. Raises nothing: an exception
    that is no ImageError is a bug of ours, and that picture's alone.
    """
    begun: list[Page | Reading | Exception] = [
        result_or_error(decode, picture, limits)
        if isinstance(picture, bytes)
        else result_or_error(read_pixels, picture)
        for picture in pictures
    ]
    alike = {i: page for i, page in enumerate(begun) if isinstance(page, Page) and page.gray.shape == SHAPE}
    if len(alike) >= MANY:
        try:
            for i, reading in read_alike(alike).items():
                begun[i] = reading
        except Exception as error:  # a bug of ours, which may hit one of them only
            faults.report(log, f"reading {len(alike)} pictures together", error)
    return [result_or_error(read_page, one) if isinstance(one, Page) else one for one in begun]


def read_alike(pages: dict[int, Page]) -> dict[int, Reading]:
    """Readings of those of the pages, all gray uint8 (28, 28), that need nothing but to be put into the field."""
    fields, hold = batch_centering.in_place(np.stack([page.gray for page in pages.values()]))
    return {
        i: Reading(field, page.format)
        for (i, page), field, holds in zip(pages.items(), fields, hold.tolist(), strict=True)
        if holds
    }


def read_pixels(pixels: NDArray[np.uint8]) -> Reading:
    """Take uint8 (28, 28) or (32, 32), white ink on black, as it is. Raises InvalidPixels or BlankImage."""
    if pixels.dtype != np.uint8 or pixels.shape not in ((28, 28), (32, 32)):
        raise InvalidPixels(f"The pixels are {pixels.dtype} {pixels.shape}.")
    if not pixels.any():
        raise BlankImage("Every pixel is 0: there is no ink.")
    return Reading(in_field(pixels) if len(pixels) == FIELD_SIDE else pixels, "pixels")


def to_input(images: ArrayLike) -> NDArray[np.float32]:
    """What the network takes, float32 (N, 1, 32, 32), 0–1, of uint8 (N, 32, 32) or of N arrays uint8 (32, 32)."""
    values = np.array(images, np.float32)[:, None]
    values /= 255
    return values


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of uint8 (H, W)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
