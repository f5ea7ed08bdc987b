"""Drawn digits as a set with labels: to train on beside MNIST, and, in another style, to validate on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.digits import Labelled
from model.data.handwriting.digits import FORMS
from model.data.handwriting.pen import Style, write
from model.data.handwriting.strokes import Form
from model.preprocessing.centering import center_ink

SIDES = (28, 40, 64)  # pixels of the page: small digits are enlarged by the pipeline, large ones are reduced
TRAINING = Style()
VALIDATION = replace(  # wider than TRAINING in every range, so that it holds what no training drew
    TRAINING,
    slant=(-0.35, 0.55), aspect=(0.42, 1.05), rotation=(-11, 11), jitter=(0.004, 0.042), bend=(0, 0.065),
    tremor=(0, 0.011), haste=(0, 5), width=(0.035, 0.21), pressure=(0, 0.45), overshoot=(-0.07, 0.1), gaps=0.1,
)  # fmt: skip
# Of those digits that the world writes otherwise than MNIST's writers, twice as many are drawn.
DIGITS = (0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9)


def drawn_digits(count: int, seed: int, style: Style = TRAINING) -> Labelled:
    """Draw digits in all FORMS, as the image pipeline places them. The same seed draws the same."""
    random = np.random.default_rng(seed)
    labels = random.choice(DIGITS, count)
    images = np.zeros((count, 32, 32), np.uint8)
    for image, digit in zip(images, labels.tolist(), strict=True):
        forms = list(FORMS[digit].values())
        image[:] = placed(forms[random.integers(len(forms))], random, style)
    return Labelled(images, labels.astype(np.int64), "drawn digits")


def placed(form: Form, random: Generator, style: Style) -> NDArray[np.uint8]:
    """Write the form on a page of one of SIDES, and place its ink as the image pipeline does: uint8 (32, 32)."""
    ink = write(form, random, style, int(random.choice(SIDES))).astype(np.float32)
    return center_ink(ink)
