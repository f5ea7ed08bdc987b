"""Digits in hands that MNIST lacks: to train on, and held out to validate on.

MNIST's writers are Americans. The world writes some digits otherwise, so digits are drawn in its forms beside them, and
scikit-learn's are added, which people in Istanbul wrote. Held out are digits drawn in a wider style, and others of
scikit-learn's. These come from the same writers, so they say less of hands that no training saw.
"""

from __future__ import annotations

from model.data.digits import Labelled, Splits, joined
from model.data.embedded import embedded_digits, order_of_splits
from model.data.handwriting.drawn import VALIDATION, drawn_digits

HELD_OUT_SEED = 1998  # it must not change, or versions are compared on other digits
HELD_OUT_SHARE = 0.2  # drawn digits that are held out, relative to the validation digits


def further_digits(splits: Splits, share: float, seed: int) -> tuple[Labelled, ...]:
    """Digits to train on beside the training digits: drawn ones, `share` times as many, and scikit-learn's.

    share: 0–1; with 0 there are none at all. seed: of the drawn ones. Scikit-learn's are left out if the splits have them.
    """
    count = round(share * len(splits.train))
    if not count:
        return ()
    drawn = drawn_digits(count, seed)
    train, _, _ = order_of_splits()
    return (drawn,) if splits.is_embedded else (drawn, embedded_digits(train))


def foreign_digits(splits: Splits) -> Labelled:
    """Digits to validate on: drawn ones, and scikit-learn's validation digits if the splits have others."""
    drawn = drawn_digits(round(HELD_OUT_SHARE * len(splits.validation)), HELD_OUT_SEED, VALIDATION)
    _, validation, _ = order_of_splits()
    return drawn if splits.is_embedded else joined(drawn, embedded_digits(validation))
