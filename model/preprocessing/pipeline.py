"""The image pipeline: from any picture of a digit to the network's 32×32 input, the same for training and serving.

    bytes of a file
      → decode: a gray page, upright, within limits       decoding/decode.py
      → the sheet on it, if it shows more                 sheet.py
      → find the ink: background and foreground           foreground.py, background.py
      → leave out lines, frames, specks, other ink        structure.py, lines.py, digit.py, rings.py, components.py
      → scale and center it as MNIST does                 centering.py
      → Reading: uint8 (32, 32), white ink on black

`read_digit` is this line in code. `read_many` reads several pictures, some of them in a batch (batch_centering.py).
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
from model.preprocessing.centering import Extents, bounding_box, center
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Box, Page
from model.preprocessing.errors import BlankImage, InvalidPixels
from model.preprocessing.foreground import Foreground, find_foreground
from model.preprocessing.layout import MNIST_SHAPE, NETWORK_SHAPE, with_margin

PIPELINE_VERSION = 3  # raise it with any change by which a picture is read differently
MAX_STRAY = 0.3  # largest share of ink beside the digit; more is other drawings or writing, not stains or a full stop
MIN_BATCH = 4  # from this many pages on, centering them in a batch is faster
DEFAULT_LIMITS = Limits()

log = logging.getLogger(__name__)


class Reading(NamedTuple):
    """The network's input, and what was found on the way to it.

    pixels: uint8 (32, 32), white ink on black; format: as in `Page`; stray: share, 0–1, of the page's ink that lies
    beside the digit; specks, lines and frames do not count; 1 if a ring lies around the digit, the border cuts it, or
    another digit beside it was left out (digit.py); box: of the digit in the picture as it was sent, None if that is
    not at hand; shows_several: whether the page seems to show several digits, if it shows any.
    """

    pixels: NDArray[np.uint8]
    format: str
    stray: float = 0.0
    box: Box | None = None
    shows_several: bool = False

    @property
    def is_cluttered(self) -> bool:
        """Whether so much of the page's ink is not part of the digit that the page must show something else."""
        return self.stray > MAX_STRAY


def read_digit(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read the digit in the bytes of a picture file. Raises ImageError."""
    return read_page(decode(data, limits))


def read_page(page: Page) -> Reading:
    """Read the digit on a decoded page. Raises BlankImage."""
    foreground = find_foreground(page.gray)
    box = bounding_box(foreground)
    place = box_as_sent(page, foreground, box)
    return Reading(center(foreground, box), page.format, foreground.stray, place, foreground.shows_several)


def box_as_sent(page: Page, foreground: Foreground, box: Extents) -> Box:
    """The digit's box in the picture as it was sent. box: the same in the foreground."""
    top, bottom, left, right = (edge * foreground.scale for edge in box)
    return page.box_as_sent(
        left + foreground.left, top + foreground.top, right + foreground.left, bottom + foreground.top
    )


def read_pixels(pixels: NDArray[np.uint8]) -> Reading:
    """Take uint8 (28, 28) or (32, 32), white ink on black, unchanged. Raises InvalidPixels or BlankImage."""
    if pixels.dtype != np.uint8 or pixels.shape not in (MNIST_SHAPE, NETWORK_SHAPE):
        raise InvalidPixels(f"The pixels are {pixels.dtype} {pixels.shape}.")
    if not pixels.any():
        raise BlankImage("Every pixel is 0: there is no ink.")
    ink = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    (top, bottom), (left, right) = ((int(places[0]), int(places[-1]) + 1) for places in ink)
    digit = with_margin(pixels) if pixels.shape == MNIST_SHAPE else pixels
    return Reading(digit, "pixels", box=Box(left, top, right - left, bottom - top))


def read_many(
    pictures: Sequence[bytes | NDArray[np.uint8]], limits: Limits = DEFAULT_LIMITS
) -> list[Reading | Exception]:
    """Read several pictures: files like `read_digit`, arrays like `read_pixels`. Returns readings or errors, in order.

    This is faster than one by one if many of the files are pages like MNIST's. It raises nothing. An error that is no
    ImageError is a bug, and affects that picture alone.
    """
    return read_opened([result_or_error(open_picture, picture, limits) for picture in pictures])


def read_opened(opened: Sequence[Page | Reading | Exception]) -> list[Reading | Exception]:
    """The second half of `read_many`: read what `open_picture` returned or raised for each picture."""
    results = [*opened]
    pages = {i: page for i, page in enumerate(results) if isinstance(page, Page) and page.gray.shape == MNIST_SHAPE}
    if len(pages) >= MIN_BATCH:
        try:
            for i, reading in read_clean_pages(pages).items():
                results[i] = reading
        except Exception as error:  # a bug, perhaps with one of the pages only: each is read alone below
            faults.report(log, f"reading {len(pages)} pictures together", error)
    return [result_or_error(read_page, result) if isinstance(result, Page) else result for result in results]


def open_picture(picture: bytes | NDArray[np.uint8], limits: Limits) -> Page | Reading:
    """Decode a file to a page, or read an array of pixels. Raises ImageError."""
    return decode(picture, limits) if isinstance(picture, bytes) else read_pixels(picture)


def read_clean_pages(pages: dict[int, Page]) -> dict[int, Reading]:
    """Read those pages, all gray uint8 (28, 28), that are clean and centered as in MNIST; leave out the others."""
    clean = center_clean_pages(np.stack([page.gray for page in pages.values()]))
    rows = zip(pages.items(), clean.digits, clean.boxes.tolist(), clean.is_valid.tolist(), strict=True)
    return {
        i: Reading(digit, page.format, box=page.box_as_sent(*box))
        for (i, page), digit, box, is_valid in rows
        if is_valid
    }


def to_input(images: ArrayLike) -> NDArray[np.float32]:
    """Convert uint8 (N, 32, 32), or N arrays uint8 (32, 32), to the network's input float32 (N, 1, 32, 32), 0–1."""
    values = np.array(images, np.float32)[:, None]
    values /= 255
    return values


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode uint8 (H, W) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
