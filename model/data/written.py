"""Write one of MNIST's digits larger, as a pen would have written it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

INKED = 60  # gray level of MNIST's ink from which a row or column belongs to the digit
WIDEST = 1.2  # width of a written digit over its height, at most
MNIST_HEIGHT = 20  # pixels of a digit's longer side
EDGE = 0.45  # share of ink at which a stroke ends; a little less than half, since MNIST's strokes are blurred


def written(ink: NDArray[np.uint8], height: float) -> NDArray[np.float32]:
    """The digit cut out of uint8 (H, W), white on black, `height` pixels high: a share of ink float32, 0–1.

    Its edges are as sharp as a pen's. Where there is no ink, it is an empty rectangle.
    """
    rows, columns = np.flatnonzero(ink.max(axis=1) > INKED), np.flatnonzero(ink.max(axis=0) > INKED)
    if not len(rows):
        return np.zeros((max(8, round(height)), max(8, round(height / 2))), np.float32)
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = height / max(len(digit), digit.shape[1] / WIDEST)
    size = (max(1, round(digit.shape[1] * scale)), max(1, round(len(digit) * scale)))
    large = np.asarray(Image.fromarray(digit).resize(size, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
    steepness = max(1.0, height / MNIST_HEIGHT / 2)
    share: NDArray[np.float32] = np.clip((large - np.float32(EDGE)) * np.float32(steepness) + np.float32(0.5), 0, 1)
    return share
