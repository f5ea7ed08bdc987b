"""A decoded picture, and where a place on it lies in the picture as it was sent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TRANSPOSE_BY_ORIENTATION = {  # EXIF orientation → the transpose that turns the picture upright (CIPA DC-008)
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SWAPPING = {
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
}
FLIPPING_X = {
    Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_90, Image.Transpose.TRANSVERSE,
}  # fmt: skip
FLIPPING_Y = {
    Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE,
}  # fmt: skip


class Box(NamedTuple):
    """A rectangle on a picture in whole pixels: its left and top edge, its width and height."""

    x: int
    y: int
    width: int
    height: int


class Page(NamedTuple):
    """A decoded picture.

    gray: uint8 (H, W), 0 black to 255 white, upright, shrunk as `Limits` say; format: the file's, in Pillow's name,
    or "pixels" if there was no file; size: width and height of the picture as it was sent, in pixels, None if it is the
    page; transpose: by which it was turned upright, None if it was.
    """

    gray: NDArray[np.uint8]
    format: str
    size: tuple[int, int] | None = None
    transpose: Image.Transpose | None = None

    def box_as_sent(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Where a rectangle on the page, in its pixels, lies in the picture as it was sent, before it was turned."""
        if self.size is None:
            return Box(round(left), round(top), max(1, round(right - left)), max(1, round(bottom - top)))
        height, width = self.gray.shape
        x, y = (left / width, right / width), (top / height, bottom / height)
        if self.transpose in SWAPPING:
            x, y = y, x
        if self.transpose in FLIPPING_X:
            x = (1 - x[1], 1 - x[0])
        if self.transpose in FLIPPING_Y:
            y = (1 - y[1], 1 - y[0])
        wide, high = self.size
        first_x, last_x, first_y, last_y = (
            round(x[0] * wide),
            round(x[1] * wide),
            round(y[0] * high),
            round(y[1] * high),
        )
        return Box(first_x, first_y, max(1, last_x - first_x), max(1, last_y - first_y))
