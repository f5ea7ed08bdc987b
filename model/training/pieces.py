"""Pieces of numbers that are no digit: half a digit, one and a half, two. They are cut as the reader of numbers cuts.

The reader (model/numbers) judges every piece between two cuts, and most are no digit. Single digits are rarely cut this
way, so the network must learn from such pieces what the reader asks of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.data.digits import Labelled
from model.data.strings import Line, Spacing, compose
from model.numbers.segmentation import Piece, Primitives, pieces_of, primitives_of
from model.numbers.text_lines import HEIGHT, TextLine
from model.preprocessing.pipeline import to_input

LENGTHS = (2, 5)  # digits of a line, ends exclusive
SLANTS = (-0.15, 0.45)
TOUCHING = 0.7  # share of the lines
MOST_OF_DIGIT = 0.7  # a piece with a smaller share of a digit's ink is no digit
OTHER_INK = 0.22  # nor is one of whose ink a larger share is another digit's
NARROW = 0.35  # width over length, at most, of a stroke that may be a 1
TAKEN = 0.4  # share of a line's pieces
SOLID = 110  # gray level of ink


def number_pieces(digits: Labelled, count: int, random: np.random.Generator) -> Tensor:
    """Draw `count` pieces of lines of these digits that are no digit: float32 (count, 1, 32, 32), 0–1."""
    found: list[NDArray[np.uint8]] = []
    while len(found) < count:
        pieces = no_digits(random_line(digits, random))
        found += [piece.pixels for piece in pieces if random.random() < TAKEN]
    return torch.from_numpy(to_input(found[:count]))


def random_line(digits: Labelled, random: np.random.Generator) -> Line:
    """A line of a few random digits, most of them touching."""
    which = random.integers(len(digits), size=random.integers(*LENGTHS))
    spacing = Spacing.TOUCHING if random.random() < TOUCHING else Spacing.CLOSE
    return compose(digits.images[which], random, spacing, HEIGHT, random.uniform(*SLANTS))


def no_digits(line: Line) -> Iterator[Piece]:
    """The line's pieces that hold too little of a digit, or too much of others, and may not be taken for a 1."""
    mask = line.ink > SOLID
    text_line = TextLine(line.ink.astype(np.float32), mask, float(HEIGHT), 0, 0, 1.0)
    primitives = primitives_of(text_line)
    owned = ownership(line, primitives)
    for piece in pieces_of(text_line, primitives):
        ink = owned[piece.first : piece.last].sum(axis=0)
        main = int(ink.argmax())
        is_part = ink[main] < MOST_OF_DIGIT * owned[:, main].sum()
        is_more = ink.sum() - ink[main] > OTHER_INK * ink.sum()
        if (is_part or is_more) and not is_straight(piece.pixels):
            yield piece


def is_straight(pixels: NDArray[np.uint8]) -> bool:
    """Whether the ink of uint8 (32, 32) is one narrow stroke, at any angle."""
    _, sides, _ = cv2.minAreaRect(cv2.findNonZero((pixels > SOLID).astype(np.uint8)))
    return bool(min(sides) <= NARROW * max(sides))


def ownership(line: Line, primitives: Primitives) -> NDArray[np.intp]:
    """How many pixels of each digit's ink lie in each primitive: int (K, digits)."""
    counts = np.zeros((len(primitives.boxes) + 1, len(line.boxes)), np.intp)
    inked = line.owner >= 0
    np.add.at(counts, (primitives.labels[inked], line.owner[inked]), 1)
    return counts[1:]
