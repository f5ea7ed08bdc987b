"""The layout of MNIST's pages: 28×28 pixels, the digit's longer side 20, its center of mass in the middle.

Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits". A margin makes 28 the network's 32.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

BOX_SIDE = 20  # pixels of the digit's longer side
MNIST_SIDE = 28
MARGIN = 2  # from MNIST's 28 to the network's 32
NETWORK_SIDE = MNIST_SIDE + 2 * MARGIN
MNIST_SHAPE, NETWORK_SHAPE = (MNIST_SIDE, MNIST_SIDE), (NETWORK_SIDE, NETWORK_SIDE)
BOX_THRESHOLD = 0.1  # of the strongest ink; fainter rows and columns are not part of the bounding box
# A 28×28 page is taken as MNIST's if its digit's longer side and its distance from the middle, in pixels, are within:
MIN_CENTERED_SIDE, MAX_CENTERED_SIDE = 17, 21
MAX_OFFSET = 1.5


def extent(profile: NDArray[np.float32], threshold: float) -> tuple[int, int]:
    """The first index at which the profile reaches the threshold, and one past the last."""
    inked = (profile >= threshold).tobytes()  # one byte, 0 or 1, for each index
    return inked.find(1), inked.rfind(1) + 1


def is_centered(ink: NDArray[np.float32], height: int, width: int) -> bool:
    """Whether a page's digit, height × width pixels, is already sized and centered as in MNIST.

    Such a digit is left alone, since resampling would only blur it.
    """
    if ink.shape != MNIST_SHAPE or not MIN_CENTERED_SIDE <= max(height, width) <= MAX_CENTERED_SIDE:
        return False
    row, column = center_of_mass(ink)
    middle = (MNIST_SIDE - 1) / 2
    return abs(row - middle) <= MAX_OFFSET and abs(column - middle) <= MAX_OFFSET


def with_margin(digit: NDArray[Any]) -> NDArray[np.uint8]:
    """Add a black margin to (28, 28) or (N, 28, 28), whole gray levels 0–255: uint8 (32, 32) or (N, 32, 32)."""
    field = np.zeros((*digit.shape[:-2], *NETWORK_SHAPE), np.uint8)
    field[..., MARGIN:-MARGIN, MARGIN:-MARGIN] = digit
    return field


def center_of_mass(ink: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column of the center of mass of float32 (H, W); H and W up to 28 keep these sums exact."""
    total, down, across = (moment_weights(*ink.shape) @ ink.reshape(-1)).tolist()
    return down / total, across / total


@functools.cache
def moment_weights(height: int, width: int) -> NDArray[np.float32]:
    """float32 (3, height · width): for each pixel 1, its row and its column. Products with the ink give its moments."""
    rows, columns = np.indices((height, width), np.float32)
    return np.stack([np.ones_like(rows), rows, columns]).reshape(3, -1)
