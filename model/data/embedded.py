"""The 1,797 digits that scikit-learn brings: for training where MNIST can't be had, and drawn by other writers.

Source: UCI, "Optical Recognition of Handwritten Digits", https://archive.ics.uci.edu/dataset/80
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.data.digits import SPLIT_SEED, Labelled, Splits
from model.preprocessing.pipeline import read_digit, to_png

SOURCE = "scikit-learn digits"
HELD_OUT = 300  # of the digits: this many for validation, as many for test
STRONGEST = 16  # a pixel's largest value in scikit-learn's arrays
ENLARGEMENT, MARGIN = 4, 8  # times, and pixels around: a page of 48×48 that the pipeline reads as it reads drawings


def embedded_pages() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pages uint8 (1797, 8, 8), black ink on white, which the digit fills, and their labels int64 (1797,)."""
    from sklearn.datasets import load_digits  # an extra, and slow to import

    strength, labels = load_digits(return_X_y=True)
    ink = np.rint(strength.reshape(-1, 8, 8) * (255 / STRONGEST)).astype(np.uint8)
    return 255 - ink, labels.astype(np.int64)


def embedded_digits() -> Labelled:
    """All of them, read through the pipeline that serving uses."""
    pages, labels = embedded_pages()
    images = np.stack([read_digit(to_png(enlarged(page, ENLARGEMENT, MARGIN))).pixels for page in pages])
    return Labelled(images, labels, SOURCE)


def enlarged(page: NDArray[np.uint8], times: int, margin: int) -> NDArray[np.uint8]:
    """The page uint8 (H, W), each pixel as a square of `times` pixels a side, with so much white paper around."""
    large = page.repeat(times, axis=0).repeat(times, axis=1)
    return np.pad(large, margin, constant_values=255)


def embedded_splits() -> Splits:
    """1,197 / 300 / 300 of them."""
    digits = embedded_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits))
    return Splits(
        train=digits[order[: -2 * HELD_OUT]],
        validation=digits[order[-2 * HELD_OUT : -HELD_OUT]],
        test=digits[order[-HELD_OUT:]],
        source=SOURCE,
        is_embedded=True,
    )
