"""Any picture of a digit → the one 32×32 array that the model is given: one function for training and serving.

decode (`decoding/`) → background and foreground → centering, as MNIST centers its digits
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
from model.preprocessing.batch_centering import center_clean_pages
from model.preprocessing.centering import MNIST_SHAPE, NETWORK_SHAPE, center, with_margin
from model.preprocessing.decoding.decode import Page, decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import BlankImage, InvalidPixels
from model.preprocessing.foreground import find_foreground

PIPELINE_VERSION = 2  # goes up with any change that lets a picture be read differently
MAX_STRAY = 0.05  # of the ink on a page; twice what 99 of 100 pages with one digit have
MIN_BATCH = 4  # pages from which centering them together is quicker than one after the other
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
    foreground = find_foreground(page.gray)
    return Reading(center(foreground), page.format, foreground.stray)


def read_pixels(pixels: NDArray[np.uint8]) -> Reading:
    """Take uint8 (28, 28) or (32, 32), white ink on black, as it is. Raises InvalidPixels or BlankImage."""
    if pixels.dtype != np.uint8 or pixels.shape not in (MNIST_SHAPE, NETWORK_SHAPE):
        raise InvalidPixels(f"The pixels are {pixels.dtype} {pixels.shape}.")
    if not pixels.any():
        raise BlankImage("Every pixel is 0: there is no ink.")
    return Reading(with_margin(pixels) if pixels.shape == MNIST_SHAPE else pixels, "pixels")


def read_many(
    pictures: Sequence[bytes | NDArray[np.uint8]], limits: Limits = DEFAULT_LIMITS
) -> list[Reading | Exception]:
    """What `read_digit` returns or raises for each file, and `read_pixels` for each array, in order.

    Sooner than one after the other where many of the files are pages as MNIST has them. Raises nothing: an exception
    that is no ImageError is a bug of ours, and that picture's alone.
    """
    begun = [result_or_error(begin, picture, limits) for picture in pictures]
    pages = {i: one for i, one in enumerate(begun) if isinstance(one, Page) and one.gray.shape == MNIST_SHAPE}
    if len(pages) >= MIN_BATCH:
        try:
            for i, reading in read_clean(pages).items():
                begun[i] = reading
        except Exception as error:  # a bug of ours, which may hit one of them only
            faults.report(log, f"reading {len(pages)} pictures together", error)
    return [result_or_error(read_page, one) if isinstance(one, Page) else one for one in begun]


def begin(picture: bytes | NDArray[np.uint8], limits: Limits) -> Page | Reading:
    """A file decoded, an array read. Raises ImageError."""
    return decode(picture, limits) if isinstance(picture, bytes) else read_pixels(picture)


def read_clean(pages: dict[int, Page]) -> dict[int, Reading]:
    """Readings of those of the pages, all gray uint8 (28, 28), that are clean and hold their digit as MNIST would."""
    fields, holds = center_clean_pages(np.stack([page.gray for page in pages.values()]))
    return {
        i: Reading(field, page.format)
        for (i, page), field, is_read in zip(pages.items(), fields, holds.tolist(), strict=True)
        if is_read
    }


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
