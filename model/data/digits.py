"""Labelled digits, and their split into training, validation and test sets: the form that every data source returns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError

SPLIT_SEED = 1998  # the year in which MNIST was published; it must not change, or the splits do


@dataclass(frozen=True)
class Labelled:
    """Digits with their labels.

    images: uint8 (N, 32, 32), white ink on black; labels: int64 (N,), 0–9; source: the name of where they come from.
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
        """SHA-256 of the images and labels in their order, in hexadecimal: it identifies this exact set."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).tobytes())
        digest.update(np.ascontiguousarray(self.labels, dtype=np.int64).tobytes())
        return digest.hexdigest()

    @classmethod
    def empty(cls, source: str) -> Labelled:
        """A set without digits."""
        return cls(np.zeros((0, 32, 32), np.uint8), np.zeros(0, np.int64), source)


def joined(*sets: Labelled) -> Labelled:
    """All digits of the sets, in their order, as one set; its source names each that is not empty."""
    return Labelled(
        np.concatenate([part.images for part in sets]),
        np.concatenate([part.labels for part in sets]),
        ", ".join(part.source for part in sets if len(part)),
    )


@dataclass(frozen=True)
class Splits:
    """Three sets of digits: train the weights on the first, make choices on validation, report results on test.

    is_embedded: whether these are scikit-learn's digits, the small substitute for MNIST with weaker evidence.
    """

    train: Labelled
    validation: Labelled
    test: Labelled
    source: str
    is_embedded: bool = False


def check_trainable(digits: Labelled) -> None:
    """Raise DataError unless every label is 0–9 and every digit 0–9 occurs."""
    if len(digits) and (digits.labels.min() < 0 or digits.labels.max() > 9):
        raise DataError(f"{digits.source}: labels must be 0–9, found {digits.labels.min()}–{digits.labels.max()}")
    missing = sorted(set(range(10)) - set(np.unique(digits.labels).tolist()))
    if missing:
        raise DataError(f"{digits.source}: no image of {', '.join(map(str, missing))}; every digit is needed")
