"""MNIST in fixed splits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data.digits import SPLIT_SEED, Labelled, Splits
from model.data.idx import read_labels_and_images

VALIDATION_SIZE = 5_000  # of MNIST's 60,000 training images


def mnist_splits(folder: Path) -> Splits:
    """MNIST's 55,000 / 5,000 / 10,000 digits from the four IDX files in `folder`, gzipped or not."""
    images, labels = read_labels_and_images(folder, "train")
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    train, validation = order[:-VALIDATION_SIZE], order[-VALIDATION_SIZE:]
    images = pad(images)
    test_images, test_labels = read_labels_and_images(folder, "t10k")
    return Splits(
        train=Labelled(images[train], labels[train], "MNIST train"),
        validation=Labelled(images[validation], labels[validation], "MNIST validation"),
        test=Labelled(pad(test_images), test_labels, "MNIST test"),
        source="MNIST",
    )


def pad(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (N, 28, 28) → (N, 32, 32) with two black pixels on each side, as the network expects MNIST."""
    return np.pad(images, ((0, 0), (2, 2), (2, 2)))
