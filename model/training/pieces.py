"""Pieces of numbers, cut as the reader of numbers cuts (model/numbers): digits, and what is no digit.

The reader lets the network judge every piece between two cuts. Most are half a digit, one and a half, or two: from
these the network learns to refuse them. Some are a digit that lost the end of a stroke, or took one from its neighbour:
from these it learns to read what no cut could separate better.
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
from model.numbers.cuts import Cuts, cuts_of
from model.numbers.pieces import Piece, pieces_of
from model.numbers.text_lines import HEIGHT, TextLine, shifted, shifts_of
from model.preprocessing.pipeline import to_input

LENGTHS = (2, 6)  # digits of a line, ends exclusive
SLANTS = (-0.15, 0.45)
VARIES = (0.03, 0.25)  # share by which digits' heights differ
TOUCHING = 0.7  # share of the lines
# A piece is a digit if it holds at least the first share of a digit's ink, and as much of its own ink is that digit's:
DIGIT_SHARE, OWN_INK = 0.84, 0.8
# It is no digit if either is below:
PART_SHARE, MIXED_INK = 0.65, 0.7
NARROW = 0.35  # width over length, at most, of a stroke that may be a 1
TAKEN = 0.4  # share of a line's pieces, so that more lines are seen
SOLID = 110  # gray level of ink


def cut_digits(digits: Labelled, count: int, seed: int) -> Labelled:
    """Cut `count` of these digits out of lines that are written with them."""
    random = np.random.default_rng(seed)
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    while len(images) < count:
        for piece, label in labelled_pieces(digits, random):
            if label is not None and random.random() < TAKEN:
                images.append(piece.pixels)
                labels.append(label)
    return Labelled(np.stack(images[:count]), np.array(labels[:count], np.int64), f"{digits.source}, cut from numbers")


def pieces_without_digit(digits: Labelled, count: int, random: np.random.Generator) -> Tensor:
    """Draw `count` pieces of lines of these digits that are no digit: float32 (count, 1, 32, 32), 0–1."""
    found: list[NDArray[np.uint8]] = []
    while len(found) < count:
        for piece, label in labelled_pieces(digits, random):
            if label is None and not is_straight(piece.pixels) and random.random() < TAKEN:
                found.append(piece.pixels)
    return torch.from_numpy(to_input(found[:count]))


def labelled_pieces(digits: Labelled, random: np.random.Generator) -> Iterator[tuple[Piece, int | None]]:
    """The pieces of a random line that are clearly a digit, with its label, or clearly none, with None."""
    which = random.integers(len(digits), size=random.integers(*LENGTHS))
    spacing = Spacing.TOUCHING if random.random() < TOUCHING else Spacing.CLOSE
    slant, varies = float(random.uniform(*SLANTS)), float(random.uniform(*VARIES))
    line = upright(compose(digits.images[which], random, spacing, HEIGHT, slant, varies))
    ink = line.ink.astype(np.float32)
    text_line = TextLine(ink, line.ink > SOLID, float(HEIGHT), 0, 0, 1.0, np.zeros(len(ink)))
    cuts = cuts_of(text_line)
    owned = ownership(line, cuts)
    for piece in pieces_of(text_line, cuts):
        pixels = owned[cuts.between(piece.first, piece.last)[1:]].sum(axis=0)
        main = int(pixels.argmax())
        share, own = pixels[main] / max(1, owned[:, main].sum()), pixels[main] / max(1, pixels.sum())
        if share >= DIGIT_SHARE and own >= OWN_INK:
            yield piece, int(digits.labels[which[main]])
        elif share < PART_SHARE or own < MIXED_INK:
            yield piece, None


def upright(line: Line) -> Line:
    """The line as the reader makes it upright before it cuts it."""
    shifts = shifts_of(line.ink > SOLID)
    ink = shifted(line.ink.astype(np.float32), shifts)
    rows = np.arange(len(ink))[:, None]
    columns = np.arange(ink.shape[1])[None] - np.rint(shifts).astype(np.intp)[:, None]
    inside = (columns >= 0) & (columns < line.ink.shape[1])
    owner = np.where(inside, line.owner[rows, columns.clip(0, line.ink.shape[1] - 1)], np.int8(-1))
    return line._replace(ink=np.minimum(ink, 255).astype(np.uint8), owner=owner)


def is_straight(pixels: NDArray[np.uint8]) -> bool:
    """Whether the ink of uint8 (32, 32) is one narrow stroke, at any angle."""
    _, sides, _ = cv2.minAreaRect(cv2.findNonZero((pixels > SOLID).astype(np.uint8)))
    return bool(min(sides) <= NARROW * max(sides))


def ownership(line: Line, cuts: Cuts) -> NDArray[np.intp]:
    """How many pixels of each digit's ink lie in each fragment: int (F, digits)."""
    counts = np.zeros((len(cuts.boxes) + 1, len(line.boxes)), np.intp)
    inked = line.owner >= 0
    np.add.at(counts, (cuts.labels[inked], line.owner[inked]), 1)
    return counts[1:]
