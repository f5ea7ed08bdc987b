"""Size and center a digit as MNIST does.

The longer side of the digit's bounding box is scaled to 20 pixels, and its center of mass put into the middle of 28×28
(layout.py). A margin makes that the network's 32×32.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.components import square, stroke_width
from model.preprocessing.foreground import Foreground
from model.preprocessing.layout import (
    BOX_SIDE,
    BOX_THRESHOLD,
    MARGIN,
    MNIST_SIDE,
    NETWORK_SHAPE,
    center_of_mass,
    extent,
    is_centered,
    with_margin,
)

ENLARGEMENT = 4  # factor by which a digit smaller than BOX_SIDE is enlarged before its box is taken
EDGE_THRESHOLD = 0.2  # of the strongest ink; level of an enlarged digit's edges
SOLID_INK = 127  # of 255; ink of which strokes are at least
MIN_STROKE_WIDTH = 2.0  # pixels at the digit's final size; thinner strokes are thickened before they are shrunk


Extents = tuple[int, int, int, int]  # top, bottom, left and right; the ends are exclusive


def center(foreground: Foreground, box: Extents) -> NDArray[np.uint8]:
    """Scale and center the digit as MNIST does: uint8 (32, 32), white ink on black. Leave a centered one unchanged.

    box: the digit's bounding box.
    """
    ink = foreground.pixels
    top, bottom, left, right = box
    height, width = bottom - top, right - left
    if is_centered(ink, height, width):
        return with_margin(np.rint(ink))
    if max(height, width) < BOX_SIDE:
        digit = enlarged(ink[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1])
        return centered(scaled(digit, *digit.shape))
    digit = thickened(ink[top:bottom, left:right], BOX_SIDE / max(height, width))
    return centered(scaled(digit, height, width))


def center_ink(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale and center ink float32 (H, W), 0–255, that is a digit and nothing else: uint8 (32, 32)."""
    foreground = Foreground(ink, ink.max(axis=1), ink.max(axis=0), 0.0)
    return center(foreground, bounding_box(foreground))


def bounding_box(foreground: Foreground) -> Extents:
    """Top, bottom, left and right of the digit, without faint rows and columns at its sides. The ends are exclusive."""
    threshold = BOX_THRESHOLD * float(np.maximum.reduce(foreground.rows))
    return *extent(foreground.rows, threshold), *extent(foreground.columns, threshold)


def enlarged(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Enlarge a small digit ENLARGEMENT times and crop it: its edges lie between the pixels of the small one."""
    page = np.pad(ink, 1)
    height, width = page.shape
    large = Image.fromarray(page).resize((ENLARGEMENT * width, ENLARGEMENT * height), Image.Resampling.LANCZOS)
    page = np.asarray(large, np.float32)
    edge = EDGE_THRESHOLD * float(page.max())
    top, bottom = extent(page.max(axis=1), edge)
    left, right = extent(page.max(axis=0), edge)
    digit: NDArray[np.float32] = np.maximum(page[top:bottom, left:right], 0)
    return digit


def thickened(ink: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """Widen strokes that would be thinner than MIN_STROKE_WIDTH pixels after scaling by `scale`, 0–1."""
    missing = MIN_STROKE_WIDTH / scale - stroke_width(ink > SOLID_INK)
    if missing < 1 or scale > 0.5:
        return ink
    radius = min(round(missing / 2), 12)
    if radius < 1:
        return ink
    bold: NDArray[np.float32] = cv2.dilate(np.pad(ink, radius), square(radius))
    return bold


def scaled(digit: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Resize the digit so that the longer of its height and width becomes BOX_SIDE: whole gray levels up to 255.

    height, width: in pixels, without the border that thickening may have added.
    """
    scale = BOX_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resampling = Image.Resampling.BOX if scale < 0.5 else Image.Resampling.BICUBIC
    box = np.asarray(Image.fromarray(digit).resize(size, resampling), np.float32)
    levels: NDArray[np.float32] = np.rint(np.clip(box * (255 / float(box.max())), 0, 255))
    return levels


def centered(box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Put the box, whole gray levels, into a black 32×32 with its center of mass in the middle.

    The box stays within the inner 28×28, even if that keeps its center of mass off the middle.
    """
    row, column = center_of_mass(box)
    height, width = box.shape
    field = np.zeros(NETWORK_SHAPE, np.uint8)
    middle = (MNIST_SIDE - 1) / 2
    top = MARGIN + min(max(round(middle - row), 0), MNIST_SIDE - height)
    left = MARGIN + min(max(round(middle - column), 0), MNIST_SIDE - width)
    field[top : top + height, left : left + width] = box
    return field
