"""The 1,797 digits that come with scikit-learn: data in place of MNIST, or of other writers beside it.

Source: UCI, "Optical Recognition of Handwritten Digits", https://archive.ics.uci.edu/dataset/80
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.data.digits import SPLIT_SEED, Labelled, Splits
from model.preprocessing.decoding.page import Page
from model.preprocessing.pipeline import read_page

SOURCE = "scikit-learn digits"
COUNT = 1797  # digits
HELD_OUT = 300  # digits for validation, and as many again for test
STRONGEST = 16  # a pixel's largest value in scikit-learn's arrays
UPSAMPLING, MARGIN = 4, 8  # factor, and pixels of white border: a 48×48 page, which the pipeline reads like a drawing


def embedded_pages() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Pages uint8 (1797, 8, 8), black ink on white, filled by the digit, and their labels int64 (1797,), 0–9."""
    from sklearn.datasets import load_digits  # an extra, and slow to import

    strength, labels = load_digits(return_X_y=True)
    ink = np.rint(strength.reshape(-1, 8, 8) * (255 / STRONGEST)).astype(np.uint8)
    return 255 - ink, labels.astype(np.int64)


def embedded_digits(which: slice | NDArray[np.int64] = slice(None)) -> Labelled:
    """The digits at these indices of the 1,797, all by default, read by the image pipeline that serving uses."""
    pages, labels = embedded_pages()
    images = [read_page(Page(upsampled(page, UPSAMPLING, MARGIN), "pixels")).pixels for page in pages[which]]
    return Labelled(np.stack(images), labels[which], SOURCE)


def upsampled(page: NDArray[np.uint8], factor: int, margin: int) -> NDArray[np.uint8]:
    """Upsample a page uint8 (H, W) `factor` times by repeating pixels, and add a white border of `margin` pixels."""
    large = page.repeat(factor, axis=0).repeat(factor, axis=1)
    return np.pad(large, margin, constant_values=255)


def embedded_splits() -> Splits:
    """Split them into 1,197 for training, 300 for validation and 300 for test."""
    digits = embedded_digits()
    train, validation, test = order_of_splits()
    return Splits(
        train=digits[train],
        validation=digits[validation],
        test=digits[test],
        source=SOURCE,
        is_embedded=True,
    )


def order_of_splits() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The indices of the training, validation and test digits among all COUNT."""
    order = np.random.default_rng(SPLIT_SEED).permutation(COUNT)
    return order[: -2 * HELD_OUT], order[-2 * HELD_OUT : -HELD_OUT], order[-HELD_OUT:]
