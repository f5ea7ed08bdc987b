"""Write given digits side by side as one number: for training on pieces, for calibration, and for the suite.

Digits of a number are about equally high and stand near one base line. How near each comes to the one before is its
`Spacing`. Slanted digits are slanted before they are placed, so that slant changes no distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.data.written import written
from model.preprocessing.components import stroke_width
from model.preprocessing.decoding.page import Box

SOLID = 127  # gray level above which a pixel is ink: where digits touch, both are
HEIGHT_VARIES = 0.06  # a digit is higher or lower than the others by at most this share
BASE_VARIES = 0.04  # of the height by which a digit stands above or below the base line, at most
FAR = 1e6  # pixels: further away than any ink
MOST_OVERLAP = 0.1  # of the narrower digit's width: how far two digits, or their boxes, slide into each other


class Spacing(StrEnum):
    """How near the digits of a number are to each other."""

    NATURAL = "natural"
    CLOSE = "close"  # up to one of MNIST's pixels between them, but at least one of the line's
    TIGHT = "tight"  # their boxes overlap; whether their ink meets is left to chance
    TOUCHING = "touching"  # each slides into the ink before it


GAPS = {Spacing.NATURAL: (0.15, 0.6), Spacing.CLOSE: (0.0, 0.05)}  # shares of the height, from ink to ink
NEAR = {  # shares of the height: ink this far above or below keeps its distance, too; 2 is all of it
    Spacing.NATURAL: 0.1, Spacing.CLOSE: 0.1, Spacing.TIGHT: 2, Spacing.TOUCHING: 0,
}  # fmt: skip
RHYTHM = 0.5  # of the range of gaps that a single number uses: a hand is steady


class Line(NamedTuple):
    """One line of digits.

    ink: uint8 (H, W), white on black, 0–255; owner: int8 (H, W), the index of the digit whose ink is solid there, −1
    for none; boxes: of each digit's solid ink, in pixels of `ink`.
    """

    ink: NDArray[np.uint8]
    owner: NDArray[np.int8]
    boxes: list[Box]


def compose(
    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    random: np.random.Generator,
    spacing: Spacing = Spacing.NATURAL,
    height: float = 28.0,
    slant: float = 0.0,
    varies: float = HEIGHT_VARIES,
) -> Line:
    """Write one to 127 digits as a line that is cut to its ink.

    images: each uint8 (S, S), white on black; height: pixels of a digit; slant: how far a digit leans to the right, as
    a share of its height; varies: share of the height by which a digit is higher or lower than the others, at most.
    """
    sizes = height * random.uniform(1 - varies, 1 + varies, len(images))
    digits = [leaning(written(image, size), slant) for image, size in zip(images, sizes, strict=True)]
    bottoms = np.rint(height * random.uniform(-BASE_VARIES, BASE_VARIES, len(images))).astype(int)
    tops = [int(bottom) - len(digit) for bottom, digit in zip(bottoms, digits, strict=True)]
    tops = [top - min(tops) for top in tops]
    distances = gaps([digit.shape[1] for digit in digits], random, spacing, height)
    lefts = places(digits, tops, distances, NEAR[spacing] * height)
    return inked(digits, lefts, tops)


def linked(line: Line, random: np.random.Generator, share: float) -> Line:
    """The line with a `share`, 0–1, of its neighbouring digits linked, as a pen does that is not lifted between them.

    The links are strokes from the right of a digit to the left of the next; their own pixels belong to none.
    """
    ink, stroke = line.ink.copy(), stroke_width(line.ink > SOLID)
    for left in range(len(line.boxes) - 1):
        if random.random() >= share:
            continue
        start, end = edge_point(line, left, random, 1), edge_point(line, left + 1, random, -1)
        sag = (start + end) / 2 + (0, random.uniform(-0.25, 0.35) * line.boxes[left].height)
        t = np.linspace(0, 1, 12)[:, None]
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * sag + t**2 * end
        width = max(1, round(stroke * random.uniform(0.6, 1.0)))
        cv2.polylines(ink, [np.rint(curve).astype(np.int32)], False, 255.0, width, cv2.LINE_AA)
    return line._replace(ink=ink)


def edge_point(line: Line, index: int, random: np.random.Generator, side: int) -> NDArray[np.float64]:
    """A random place x, y, float64 (2,), of a digit's ink near its right edge, for `side` 1, or its left edge, for −1.

    If all of its ink is another digit's, too, it is the upper left corner of its box.
    """
    rows, columns = np.nonzero(line.owner == index)
    if not len(columns):
        return np.array([line.boxes[index].x, line.boxes[index].y], np.float64)
    outermost = np.argsort(-side * columns)[: max(1, len(columns) // 5)]
    place = random.choice(outermost)
    return np.array([columns[place], rows[place]], np.float64)


def leaning(share: NDArray[np.float32], slant: float) -> NDArray[np.uint8]:
    """The digit float32 (H, W), 0–1, sheared to the right by `slant` of its height: uint8, cut to its solid ink."""
    height, width = share.shape
    matrix = np.array([[1, -slant, max(slant, 0) * height], [0, 1, 0]], np.float64)
    gray = np.rint(share * 255).astype(np.uint8)
    sheared: NDArray[np.uint8] = cv2.warpAffine(gray, matrix, (width + int(np.ceil(abs(slant) * height)), height))
    rows, columns = np.flatnonzero(sheared.max(axis=1) > SOLID), np.flatnonzero(sheared.max(axis=0) > SOLID)
    return sheared[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else sheared


def gaps(widths: Sequence[int], random: np.random.Generator, spacing: Spacing, height: float) -> NDArray[np.float64]:
    """The distance in pixels from each of N digits to the next, float64 (N − 1,); below 0 they overlap."""
    count = len(widths) - 1
    if spacing not in GAPS:
        overlap = np.minimum(widths[1:], widths[:-1]) * random.uniform(0, MOST_OVERLAP, count)
        return -np.maximum(overlap, 1 if spacing == Spacing.TOUCHING else 0)
    low, high = np.array(GAPS[spacing]) * height
    used = RHYTHM * (high - low)
    start = random.uniform(low, high - used)
    return np.maximum(random.uniform(start, start + used, count), 1)


def places(
    digits: Sequence[NDArray[np.uint8]], tops: Sequence[int], gaps: NDArray[np.float64], near: float
) -> list[int]:
    """The column of each digit's left edge; the leftmost is 0.

    digits: each uint8 (H, W); tops: the row of each upper edge; gaps: to the digit before, from the second on; near:
    pixels above and below within which ink keeps a gap.
    """
    frontier = np.full(max(top + len(digit) for top, digit in zip(tops, digits, strict=True)), -FAR)
    lefts: list[int] = []
    for digit, top, gap in zip(digits, tops, [0.0, *gaps.tolist()], strict=True):
        first, beyond = edges(digit)
        rows = slice(top, top + len(digit))
        reached = spread(frontier, round(near))  # in each row, the column after all ink so far
        meeting = float((reached[rows] - first).max())
        left = round((meeting if meeting > -FAR / 2 else max(frontier.max(), 0)) + gap)
        frontier[rows] = np.maximum(frontier[rows], left + beyond)
        lefts.append(left)
    return [left - min(lefts) for left in lefts]


def edges(digit: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The first column of solid ink in each row of uint8 (H, W), and that after the last: FAR and −FAR without ink."""
    solid = digit > SOLID
    is_inked = solid.any(axis=1)
    first = np.where(is_inked, solid.argmax(axis=1), FAR)
    beyond = np.where(is_inked, digit.shape[1] - solid[:, ::-1].argmax(axis=1), -FAR)
    return first, beyond


def spread(columns: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The largest of float64 (H,) within `reach` rows of each row."""
    largest: NDArray[np.float64] = cv2.dilate(columns[:, None], np.ones((2 * reach + 1, 1), np.uint8))[:, 0]
    return largest


def inked(digits: Sequence[NDArray[np.uint8]], lefts: Sequence[int], tops: Sequence[int]) -> Line:
    """The line on which each digit, uint8 (H, W), has its upper left corner at these columns and rows."""
    boxes = [
        Box(left, top, digit.shape[1], digit.shape[0]) for digit, left, top in zip(digits, lefts, tops, strict=True)
    ]
    shape = max(box.y + box.height for box in boxes), max(box.x + box.width for box in boxes)
    ink, owner = np.zeros(shape, np.uint8), np.full(shape, -1, np.int8)
    for index, (digit, box) in enumerate(zip(digits, boxes, strict=True)):
        there = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        owner[there][(digit > SOLID) & (digit > ink[there])] = index
        np.maximum(ink[there], digit, out=ink[there])
    return Line(ink, owner, boxes)
