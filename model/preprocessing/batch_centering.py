"""The batch form of `centering.py`, for pages that hold their digit just as MNIST does.

For such a page it gives the same result as `find_foreground` and `center`; a property test keeps the two equal. It is
faster because calling numpy on a single small page costs more than the work itself. Measured on one core, MNIST's pages
as PNG: a batch of 8 is read 1.25 times as fast as one by one, a batch of 16 to 64 1.35 times; read and judged, 1.05 and
1.15 times. So it is kept; with fewer pages than `pipeline.MIN_BATCH` it gains nothing.
"""

from __future__ import annotations

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


def center_clean_pages(pages: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Read pages uint8 (N, 28, 28) as digits uint8 (N, 32, 32), white ink on black, and say which are valid: bool (N,).

    A page's digit is valid if its border is pure black or pure white, its ink has full contrast, and the digit is
    centered as MNIST does. Others need the general way.
    """
    background = pages[:, 0, 0]
    ink = pages ^ background[:, None, None]  # on white paper, XOR with 255 is 255 − page
    rows, columns = np.maximum.reduce(ink, 2), np.maximum.reduce(ink, 1)
    strongest = np.maximum.reduce(rows, 1)
    border = rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1]
    is_clean = ((background == 0) | (background == 255)) & (border == 0) & (strongest >= FULL_CONTRAST)
    return with_margin(ink), is_clean & are_centered(ink, rows, columns, strongest)


def are_centered(
    ink: NDArray[np.uint8], rows: NDArray[np.uint8], columns: NDArray[np.uint8], strongest: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """`centering.is_centered` for each of ink (N, 28, 28): bool (N,).

    rows, columns: the strongest ink of each row and of each column, (N, 28); strongest: of each page, (N,).
    """
    threshold = (BOX_THRESHOLD * strongest.astype(np.float64)).astype(np.float32)[:, None]
    side = np.maximum(extents(rows >= threshold), extents(columns >= threshold))
    centered = (side >= MIN_CENTERED_SIDE) & (side <= MAX_CENTERED_SIDE)
    weights = moment_weights(*MNIST_SHAPE)
    total, down, across = (ink.reshape(len(ink), -1).astype(np.float32) @ weights.T).T
    middle = np.float32((MNIST_SIDE - 1) / 2)
    for moment in (down, across):
        centered &= np.abs(moment - middle * total) <= MAX_OFFSET * total
    return centered


def extents(inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The length from the first to the last True of each row of bool (N, 28), both included; 28 if there is none."""
    length: NDArray[np.intp] = inked.shape[1] - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)
    return length
