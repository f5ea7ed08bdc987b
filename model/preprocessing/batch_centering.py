"""The batch form of `centering.py`, for pages that hold their digit just as MNIST does.

For such a page it gives the same result as `find_foreground` and `center`; a property test keeps the two equal. It is
faster because calling numpy on a single small page costs more than the work itself. Measured on one core, MNIST's pages
as PNG: a batch of 8 is read 1.25 times as fast as one by one, a batch of 16 to 64 1.35 times; read and judged, 1.05 and
1.15 times. So it is kept; with fewer pages than `pipeline.MIN_BATCH` it gains nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.preprocessing.foreground import FULL_CONTRAST
from model.preprocessing.layout import (
    BOX_THRESHOLD,
    MAX_CENTERED_SIDE,
    MAX_OFFSET,
    MIN_CENTERED_SIDE,
    MNIST_SHAPE,
    MNIST_SIDE,
    moment_weights,
    with_margin,
)


class CleanPages(NamedTuple):
    """N pages, read as digits.

    digits: uint8 (N, 32, 32), white ink on black; boxes: int (N, 4), left, top, right and bottom of each digit on its
    page, the last two exclusive; is_valid: bool (N,), whether the page was clean and its digit centered as in MNIST.
    """

    digits: NDArray[np.uint8]
    boxes: NDArray[np.intp]
    is_valid: NDArray[np.bool_]


def center_clean_pages(pages: NDArray[np.uint8]) -> CleanPages:
    """Read pages uint8 (N, 28, 28).

    A page's digit is valid if its border is pure black or pure white, its ink has full contrast, and the digit is
    centered as MNIST does. Others need the general way.
    """
    background = pages[:, 0, 0]
    ink = pages ^ background[:, None, None]  # on white paper, XOR with 255 is 255 − page
    rows, columns = np.maximum.reduce(ink, 2), np.maximum.reduce(ink, 1)
    strongest = np.maximum.reduce(rows, 1)
    border = rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1]
    is_clean = ((background == 0) | (background == 255)) & (border == 0) & (strongest >= FULL_CONTRAST)
    threshold = (BOX_THRESHOLD * strongest.astype(np.float64)).astype(np.float32)[:, None]
    top, bottom = extents(rows >= threshold)
    left, right = extents(columns >= threshold)
    boxes = np.stack([left, top, right, bottom], axis=1)
    return CleanPages(with_margin(ink), boxes, is_clean & are_centered(ink, np.maximum(bottom - top, right - left)))


def are_centered(ink: NDArray[np.uint8], side: NDArray[np.intp]) -> NDArray[np.bool_]:
    """`layout.is_centered` for each of ink (N, 28, 28), whose digits' longer sides are (N,): bool (N,)."""
    centered = (side >= MIN_CENTERED_SIDE) & (side <= MAX_CENTERED_SIDE)
    weights = moment_weights(*MNIST_SHAPE)
    total, down, across = (ink.reshape(len(ink), -1).astype(np.float32) @ weights.T).T
    middle = np.float32((MNIST_SIDE - 1) / 2)
    for moment in (down, across):
        centered &= np.abs(moment - middle * total) <= MAX_OFFSET * total
    return centered


def extents(inked: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first True of each row of bool (N, 28) and one past the last: int (N,); 0 and 28 if there is none."""
    return inked.argmax(axis=1), inked.shape[1] - inked[:, ::-1].argmax(axis=1)
