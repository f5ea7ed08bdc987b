"""Amounts as people write them: points or commas before each three digits, and a dash, a point or "=" at the end."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from model.data.strings import Spacing, compose
from model.evaluation.robustness.canvas import disc, line, placed
from model.evaluation.robustness.paint import Share

GROUP = 3  # digits between points
ENDS = ("", "", ".", "-", "–", "=", ".-")  # what is written after the last digit
ABOVE, BELOW = 1.25, 0.3  # the room for a line above and below its base line, as shares of a digit's height


def row(
    images: NDArray[np.uint8], random: Generator, height: float, spacing: Spacing = Spacing.NATURAL, slant: float = 0.0
) -> Share:
    """The digits, uint8 (N, 32, 32), as one line that is cut to its ink: a share of ink (H, W), 0–1.

    height, slant: as in `amount`.
    """
    return compose(images, random, spacing, height, slant).ink.astype(np.float32) / np.float32(255)


def amount(
    images: NDArray[np.uint8],
    height: float,
    random: Generator,
    spacing: Spacing = Spacing.NATURAL,
    slant: float = 0.0,
) -> Share:
    """The digits, uint8 (N, 32, 32), with marks of the same pen: a share of ink (H, W), 0–1.

    height: of a digit in pixels; spacing: between digits; slant: how far it leans to the right, a share of its
    height.
    """
    base, below = round(ABOVE * height), round(BELOW * height)
    first = len(images) % GROUP or GROUP
    starts = [0, *range(first, len(images), GROUP)]
    width, point = height * random.uniform(0.07, 0.13), "," if random.random() < 0.25 else "."
    parts: list[Share] = []
    for start, end in zip(starts, [*starts[1:], len(images)], strict=True):
        digits = row(images[start:end], random, height, spacing, slant)
        parts.append(placed(digits, (base + below, digits.shape[1]), 0, base - len(digits)))
        signs = point if end < len(images) else str(random.choice(ENDS))
        parts += [mark(sign, base, below, height, width, random) for sign in signs]
    apart = height * random.uniform(0.1, 0.3, len(parts))
    rights = np.cumsum([part.shape[1] + gap for part, gap in zip(parts, apart, strict=True)]).tolist()
    shape = base + below, round(rights[-1])
    share: Share = np.maximum.reduce(
        [placed(part, shape, right - part.shape[1], 0) for part, right in zip(parts, rights, strict=True)]
    )
    return share


def mark(sign: str, base: int, below: int, height: float, width: float, random: Generator) -> Share:
    """A point, a comma, a dash, a long dash or "=", drawn with a pen of `width` pixels: a share of ink (H, W), 0–1.

    base, below: pixels above and below the base line; height: of a digit in pixels.
    """
    tilt = height * random.uniform(-0.06, 0.06)
    if sign in ".,":
        shape, x, y = (base + below, round(3 * width)), 1.5 * width, base - width * random.uniform(-0.3, 0.8)
        point = disc(shape, (x, y), width * random.uniform(0.55, 0.8))
        tail = (x - 0.8 * width, y + min(2 * width, 0.6 * below) * random.uniform(0.8, 1.2))
        return point if sign == "." else np.maximum(point, line(shape, (x, y), tail, 0.8 * width))
    length = height * (random.uniform(0.8, 1.5) if sign == "–" else random.uniform(0.3, 0.7))
    shape = base + below, round(length + 2 * width)
    levels = (0.32, 0.58) if sign == "=" else (random.uniform(0.3, 0.6),)
    share: Share = np.maximum.reduce([
        line(shape, (width, base - level * height), (width + length, base - level * height + tilt), width)
        for level in levels
    ])  # fmt: skip
    return share
