"""Labelled digits: MNIST, or the digits embedded in scikit-learn, in one shape and with fixed splits.

`load_digits()` looks, in this order, into `data_dir`, into the local cache, and on MNIST's public mirrors;
without any of them it answers with scikit-learn's 1,797 digits and says so in `Splits.source`.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.data.idx import FILES, read_labels_and_images
from model.errors import DataError

log = logging.getLogger(__name__)

CACHE_DIR = Path("var/mnist")
VALIDATION_SIZE = 5_000  # of MNIST's 60,000 training images
SPLIT_SEED = 1998  # the year MNIST was published; the split never changes
EMBEDDED_SOURCE = "scikit-learn digits"
EMBEDDED_HELD_OUT = 300  # of scikit-learn's digits: this many for validation, as many for test


@dataclass(frozen=True)
class Labelled:
    """Digits with their labels.

    images: uint8 (N, 32, 32), white ink on black; labels: int64 (N,), 0–9; source: where they come from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    source: str

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Labelled:
        return Labelled(self.images[which], self.labels[which], self.source)

    @property
    def sha256(self) -> str:
        """Digest of the images and labels in their order: the name of this exact set."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.ascontiguousarray(self.labels, dtype=np.int64).tobytes())
        return digest.hexdigest()

    @classmethod
    def empty(cls, source: str) -> Labelled:
        """No digits at all."""
        return cls(np.zeros((0, 32, 32), np.uint8), np.zeros(0, np.int64), source)


@dataclass(frozen=True)
class Splits:
    """What is trained on, what choices are made on, and what is only ever reported."""

    train: Labelled
    validation: Labelled
    test: Labelled
    source: str

    @property
    def is_embedded(self) -> bool:
        """Whether these are the small fallback set, whose evidence is weaker than MNIST's."""
        return self.source == EMBEDDED_SOURCE


def load_digits(data_dir: Path | None = None, cache_dir: Path = CACHE_DIR, offline: bool = False) -> Splits:
    """MNIST from the first source that has it, else the embedded digits.

    Raises DataError when `data_dir` is named and its files are missing, short or damaged: a folder somebody
    chose is never silently replaced by another source.
    """
    if data_dir is not None:
        return mnist_splits(data_dir)
    if all((cache_dir / name).exists() for name in FILES):
        try:
            return mnist_splits(cache_dir)
        except DataError as error:
            log.warning("the cached MNIST is damaged and is fetched again: %s", error)
    if not offline:
        from model.data.download import MirrorsUnreachable, download  # an HTTP client, which only a download needs

        try:
            download(cache_dir)
            return mnist_splits(cache_dir)
        except MirrorsUnreachable as error:
            log.warning("no MNIST: %s", error)
    log.warning(
        "training on the digits embedded in scikit-learn (1,797 images of 8×8). Set NUMERAL_DATA_DIR to a folder "
        "with MNIST's four files for a model worth serving.",
    )
    return embedded_splits()


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


def embedded_splits() -> Splits:
    """scikit-learn's digits (UCI "Optical Recognition of Handwritten Digits"), 1,197 / 300 / 300."""
    digits = embedded_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(digits))
    held_out = EMBEDDED_HELD_OUT
    return Splits(
        train=digits[order[: -2 * held_out]],
        validation=digits[order[-2 * held_out : -held_out]],
        test=digits[order[-held_out:]],
        source=EMBEDDED_SOURCE,
    )


def embedded_digits() -> Labelled:
    """All 1,797 embedded digits, enlarged from 8×8 and read through the pipeline that serving uses."""
    from sklearn.datasets import load_digits as load_sklearn_digits  # an extra, and slow to import

    from model.preprocessing.pipeline import read_digit, to_png

    raw, labels = load_sklearn_digits(return_X_y=True)
    paper_white = 255 - np.rint(raw.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    page = np.pad(paper_white.repeat(4, axis=1).repeat(4, axis=2), ((0, 0), (8, 8), (8, 8)), constant_values=255)
    images = np.stack([read_digit(to_png(picture)).pixels for picture in page])
    return Labelled(images, labels.astype(np.int64), EMBEDDED_SOURCE)


def pad(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (N, 28, 28) → (N, 32, 32) with two black pixels on each side, as the network expects MNIST."""
    return np.pad(images, ((0, 0), (2, 2), (2, 2)))


def check_trainable(digits: Labelled) -> None:
    """Raise DataError unless every label is 0–9 and every digit 0–9 occurs."""
    if len(digits) and (digits.labels.min() < 0 or digits.labels.max() > 9):
        raise DataError(f"{digits.source}: labels must be 0–9, found {digits.labels.min()}–{digits.labels.max()}")
    missing = sorted(set(range(10)) - set(np.unique(digits.labels).tolist()))
    if missing:
        raise DataError(f"{digits.source}: no image of {', '.join(map(str, missing))}; every digit is needed")
