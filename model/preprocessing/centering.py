"""From ink to MNIST's placing of it.

The longer side of the ink's box is scaled to 20 pixels, its centre of mass lies in the middle of 28×28 (LeCun, Cortes
and Burges, "The MNIST database of handwritten digits"), and a margin makes it the network's 32×32.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.background import Floats
from model.preprocessing.components import widened
from model.preprocessing.foreground import SOLID_INK, Ink

BOX_SIDE = 20  # pixels of the digit's longer side
FIELD_SIDE = 28
MARGIN = 2  # from MNIST's 28 to the network's 32
FAINT = 0.1  # of the strongest ink; fainter rows and columns are not part of the box
SMALLER, LARGER = 3, 1  # pixels that a digit's longer side may differ from BOX_SIDE and still count as placed
CLOSER = 4  # times that smaller ink is enlarged before its box is taken
EDGE = 0.2  # of the strongest ink, where the edges of enlarged ink are
OFF_CENTRE = 1.5  # pixels that a digit may be off the middle and still count as placed
MIN_STROKE = 2.0  # pixels at the digit's final size; thinner strokes are thickened before they are shrunk


def place(ink: Ink) -> NDArray[np.uint8]:
    """uint8 (32, 32) with the ink placed as MNIST's digits are; ink that already is stays unchanged."""
    pixels = ink.pixels
    faint = FAINT * float(np.maximum.reduce(ink.rows))
    top, bottom = extent(ink.rows, faint)
    left, right = extent(ink.columns, faint)
    height, width = bottom - top, right - left
    if pixels.shape == (FIELD_SIDE, FIELD_SIDE) and is_placed(pixels, height, width):
        return in_field(np.rint(pixels))
    if max(height, width) < BOX_SIDE:
        near = closely(pixels[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1])
        return centred(boxed(near, *near.shape))
    crop = thicken(pixels[top:bottom, left:right], BOX_SIDE / max(height, width))
    return centred(boxed(crop, height, width))


def closely(ink: Floats) -> Floats:
    """Ink that is smaller than MNIST's, CLOSER times as large and cropped, since its edges lie within pixels."""
    page = np.pad(ink, 1)
    height, width = page.shape
    closer = Image.fromarray(page).resize((CLOSER * width, CLOSER * height), Image.Resampling.LANCZOS)
    page = np.asarray(closer, np.float32)
    edge = EDGE * float(page.max())
    top, bottom = extent(page.max(axis=1), edge)
    left, right = extent(page.max(axis=0), edge)
    near: Floats = np.maximum(page[top:bottom, left:right], 0)
    return near


def boxed(crop: Floats, height: int, width: int) -> Floats:
    """The crop, whole gray levels up to 255, at the size where the longer of the ink's sides is BOX_SIDE."""
    scale = BOX_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resampling = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC
    box = np.asarray(Image.fromarray(crop).resize(size, resampling), np.float32)
    levels: Floats = np.rint(np.clip(box * (255 / float(box.max())), 0, 255))
    return levels


def extent(profile: Floats, faint: float) -> tuple[int, int]:
    """First and one past the last place where the ink is not fainter."""
    inked = (profile >= faint).tobytes()  # a byte 0 or 1 for each place
    return inked.find(1), inked.rfind(1) + 1


def is_placed(pixels: Floats, height: int, width: int) -> bool:
    """Whether a 28×28 page already holds the digit as MNIST would: resampling it would only blur it."""
    if not BOX_SIDE - SMALLER <= max(height, width) <= BOX_SIDE + LARGER:
        return False
    row, column = centre_of_mass(pixels)
    middle = (FIELD_SIDE - 1) / 2
    return abs(row - middle) <= OFF_CENTRE and abs(column - middle) <= OFF_CENTRE


def centre_of_mass(pixels: Floats) -> tuple[float, float]:
    """Row and column of the centre of the ink float32 (H, W), H and W up to 28, which keeps these sums exact."""
    total, down, across = (moments(*pixels.shape) @ pixels.reshape(-1)).tolist()
    return down / total, across / total


@functools.cache
def moments(height: int, width: int) -> Floats:
    """(3, height · width): for each pixel 1, its row and its column."""
    rows, columns = np.indices((height, width), np.float32)
    return np.stack([np.ones_like(rows), rows, columns]).reshape(3, -1)


def thicken(ink: Floats, scale: float) -> Floats:
    """Widen strokes that shrinking by `scale` would fade below MIN_STROKE pixels."""
    solid = ink > SOLID_INK
    edges = int(np.count_nonzero(solid[:, 1:] != solid[:, :-1]) + np.count_nonzero(solid[1:] != solid[:-1]))
    stroke = 2.5 * np.count_nonzero(solid) / max(edges, 1)  # area over half the outline; diagonals count twice
    missing = MIN_STROKE / scale - stroke
    if missing < 1 or scale > 0.5:
        return ink
    radius = min(round(missing / 2), 12)
    if radius < 1:
        return ink
    return widened(np.pad(ink, radius), radius)


def in_field(digit: NDArray[Any]) -> NDArray[np.uint8]:
    """(28, 28), whole gray levels 0–255, with a black margin: uint8 (32, 32)."""
    field = empty_field()
    field[MARGIN:-MARGIN, MARGIN:-MARGIN] = digit
    return field


def empty_field() -> NDArray[np.uint8]:
    """A black uint8 (32, 32)."""
    return np.zeros((FIELD_SIDE + 2 * MARGIN, FIELD_SIDE + 2 * MARGIN), np.uint8)


def centred(box: Floats) -> NDArray[np.uint8]:
    """The box, whole gray levels, in a black 32×32, its centre of mass in the middle as far as it fits into 28×28."""
    row, column = centre_of_mass(box)
    height, width = box.shape
    field = empty_field()
    middle = (FIELD_SIDE - 1) / 2
    top = MARGIN + min(max(round(middle - row), 0), FIELD_SIDE - height)
    left = MARGIN + min(max(round(middle - column), 0), FIELD_SIDE - width)
    field[top : top + height, left : left + width] = box
    return field
