"""MNIST, split into training, validation and test sets, always in the same way."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model.data.digits import SPLIT_SEED, Labelled, Splits
from model.data.idx import read_labels_and_images
from model.preprocessing.layout import with_margin

VALIDATION_SIZE = 5_000  # of MNIST's 60,000 training images


def mnist_splits(folder: Path) -> Splits:
    """Read the four IDX files in `folder`, gzipped or not. Raises DataError.

    The splits hold 55,000 digits for training, 5,000 for validation and 10,000 for test.
    """
    images, labels = read_labels_and_images(folder, "train")
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    train, validation = order[:-VALIDATION_SIZE], order[-VALIDATION_SIZE:]
    images = with_margin(images)
    test_images, test_labels = read_labels_and_images(folder, "t10k")
    return Splits(
        train=Labelled(images[train], labels[train], "MNIST train"),
        validation=Labelled(images[validation], labels[validation], "MNIST validation"),
        test=Labelled(with_margin(test_images), test_labels, "MNIST test"),
        source="MNIST",
    )
