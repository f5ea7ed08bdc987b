"""Any picture of a digit → the one 32×32 array that the network sees: one function for training and serving.

decode (`model.decode`) → paper, light, ink (`model.ink`) → placed as MNIST places digits (`model.placing`)
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.decode import (
    CorruptImage,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    Limits,
    UnsupportedFormat,
    decode,
)
from model.ink import BlankImage, find_ink
from model.placing import place

__all__ = [
    "PIPELINE_VERSION",
    "BlankImage",
    "CorruptImage",
    "EmptyImage",
    "ImageError",
    "ImageTooLarge",
    "ImageTooSmall",
    "InvalidPixels",
    "Limits",
    "Reading",
    "UnsupportedFormat",
    "read_digit",
    "read_pixels",
    "to_png",
]

PIPELINE_VERSION = 1  # goes up with any change that lets a picture be read differently
MAX_STRAY = 0.05  # of the ink on a page; twice what 99 of 100 pages with one digit have
DEFAULT_LIMITS = Limits()


class InvalidPixels(ImageError):
    """The array is not 28×28 or 32×32 of uint8."""

    status, slug, title = 422, "invalid-pixels", "The pixels are no 28×28 or 32×32 array of integers 0–255"
    remedy = "Send `pixels` as 28 or 32 rows of as many integers; 0 is black paper, 255 is white ink."


@dataclass(frozen=True)
class Reading:
    """What the network sees, uint8 (32, 32), white ink on black; notes: what was done to get there."""

    pixels: NDArray[np.uint8]
    notes: dict[str, Any]

    @property
    def is_cluttered(self) -> bool:
        """Whether so much ink lay beside what was taken for the digit that the page shows something else."""
        return bool(self.notes.get("stray", 0.0) > MAX_STRAY)


def read_digit(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read the bytes of a picture file. Raises ImageError."""
    page = decode(data, limits)
    ink, notes = find_ink(page.gray)
    notes.update(format=page.format, width=page.width, height=page.height)
    return Reading(place(ink), notes)


def read_pixels(pixels: NDArray[np.uint8]) -> Reading:
    """Take uint8 (28, 28) or (32, 32), white ink on black, as it is. Raises InvalidPixels or BlankImage."""
    if pixels.dtype != np.uint8 or pixels.shape not in ((28, 28), (32, 32)):
        raise InvalidPixels(f"The pixels are {pixels.dtype} {pixels.shape}.")
    if not pixels.any():
        raise BlankImage("Every pixel is 0: there is no ink.")
    return Reading(np.pad(pixels, 2) if len(pixels) == 28 else pixels, {"format": "pixels"})


def to_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of uint8 (H, W)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
