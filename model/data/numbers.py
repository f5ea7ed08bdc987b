"""Numbers on paper, as people write them: groups of digits, with points, commas and dashes between and after them.

They are made from digits of MNIST or in other hands, to choose the reader's weights and thresholds by (model/numbers).
The paper has noise, a fine print and perhaps a base line, but none of what the robustness suite measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.data.digits import Labelled
from model.data.handwriting.drawn import TRAINING
from model.data.handwriting.pen import write
from model.data.handwriting.strokes import Strokes, Uniform, ring
from model.data.strings import SOLID, Spacing, compose, linked

MOST_DIGITS = 8
MOST_ZEROS = 3  # at the end of a round number
# Shares of the spacings: with many of the hard ones, to learn from; and about as people write, to calibrate by.
HARD = {Spacing.NATURAL: 0.4, Spacing.CLOSE: 0.25, Spacing.TIGHT: 0.15, Spacing.TOUCHING: 0.2}
USUAL = {Spacing.NATURAL: 0.5, Spacing.CLOSE: 0.3, Spacing.TIGHT: 0.1, Spacing.TOUCHING: 0.1}
HEIGHT = (16.0, 48.0)  # pixels of a digit
SLANT = (-0.1, 0.4)
STRETCH = (0.8, 1.45)  # factor by which a number is wider than its digits were: hands differ
VARIES = (0.03, 0.25)  # share by which digits' heights differ
ROUND, LINKED = 0.35, 0.3  # share of the longer numbers that end in zeros, and of these that are linked
IN_ONE = 0.4  # share of the zeros at an end, two or three, that are written in one stroke
ZEROS = (0.45, 1.05)  # their height, over the other digits'
GROUP_SHARE = 0.4  # of the numbers that have marks between groups of digits
THREES = 0.6  # share of these that are grouped in threes, as thousands are
POINTS = 0.7  # share of the marks between groups that are points; the others are commas
END_SHARE = 0.35  # of the numbers with a mark at the end
MARGIN = (0.2, 1.2)  # of the height, around the number
CROPPED, CROP_MARGIN = 0.3, (0.0, 0.2)  # share of the pages that are cut out close to the number, and their margin
PAPER, INK = (140, 250), (50, 150)  # gray levels of the paper, and by which ink is darker
NOISE = (1.0, 8.0)  # gray levels, standard deviation
PRINTED = 0.4  # share of the pages with fine print, much paler than the ink
BASE_LINE = 0.15  # share of the pages with a printed base line


def written_number(
    digits: Labelled, random: np.random.Generator, spacings: Mapping[Spacing, float] = HARD
) -> tuple[NDArray[np.uint8], str]:
    """A page uint8 (H, W) with a number of 1 to MOST_DIGITS random digits, and its text. spacings: shares, 0–1."""
    count = int(random.integers(1, MOST_DIGITS + 1))
    which = random.integers(len(digits), size=count)
    height = float(random.uniform(*HEIGHT))
    spacing = list(spacings)[random.choice(len(spacings), p=list(spacings.values()))]
    slant = float(random.uniform(*SLANT))
    varies = float(random.uniform(*VARIES))
    if count > MOST_ZEROS and random.random() < ROUND:
        zeros = np.flatnonzero(digits.labels == 0)
        ending = int(random.integers(2, MOST_ZEROS + 1))
        which[-ending:] = zeros[random.integers(len(zeros), size=ending)]
    groups = np.split(which, group_starts(count, random)) if random.random() < GROUP_SHARE else [which]
    parts: list[NDArray[np.uint8]] = []
    for group in groups:
        if parts:
            parts.append(mark("point" if random.random() < POINTS else "comma", height, random))
        labels = digits.labels[group]
        ending = zeros_at_end(labels) if random.random() < IN_ONE else 0
        begin = group[: len(group) - ending]
        if len(begin):
            line = compose(digits.images[begin], random, spacing, height, slant, varies)
            parts.append((line if labels.any() else linked(line, random, LINKED)).ink)
        if ending:
            parts.append(zeros_in_one(ending, height, random))
    if random.random() < END_SHARE:
        parts.append(mark(str(random.choice(["point", "dash", "double"])), height, random))
    text = "".join(str(label) for label in digits.labels[which])
    stretch = float(np.exp(random.uniform(*np.log(STRETCH))))
    return on_paper(stretched(joined(parts, height, random), stretch), height, random).gray, text


def group_starts(count: int, random: np.random.Generator) -> list[int]:
    """Where a number of `count` digits is parted into groups: before every third from its end, or at two places."""
    if random.random() < THREES:
        return list(range(count % 3 or 3, count, 3))
    return sorted({int(random.integers(1, count)) for _ in range(2)}) if count > 1 else []


def zeros_at_end(labels: NDArray[np.int64]) -> int:
    """With how many zeros labels (N,) end; 0 if that is one, or more than MOST_ZEROS, which are rarely one stroke."""
    ending = int(np.argmax(np.append(labels[::-1], 1) != 0))
    return ending if 1 < ending <= MOST_ZEROS else 0


def zeros_in_one(count: int, height: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Zeros written without lifting the pen, on the base of digits that are `height` pixels high: uint8 (H, W)."""

    def form(u: Uniform) -> Strokes:
        """Rings side by side, each begun where the one before ends."""
        wide, start, turn, apart = u(0.3, 0.62), u(-40, 20), u(330, 400), u(-0.12, 0.45)
        stroke = []
        for index in range(count):
            own = wide * u(0.85, 1.15)
            middle = index * (2 * wide + apart)
            stroke += ring(middle, 0.5 + u(-0.06, 0.06), own, 0.5 * u(0.85, 1.1), start + u(-15, 15), turn + u(-15, 15))
        if u(0, 1) < 0.2:
            stroke.append((middle + wide + u(0.3, 1.2), u(-0.1, 0.4)))
        return [stroke]

    page = write(form, random, replace(TRAINING, slant=(-0.1, 0.5), rotation=(-4, 4), aspect=(0.7, 1.2)), 96)
    rows, columns = np.flatnonzero(page.max(axis=1) > SOLID), np.flatnonzero(page.max(axis=0) > SOLID)
    ink = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    high = max(3, round(height * random.uniform(*ZEROS)))
    scaled = cv2.resize(ink, (max(3, round(ink.shape[1] * high / len(ink))), high), interpolation=cv2.INTER_AREA)
    base = round(height)
    return np.pad(scaled, ((max(0, base - high), 0), (0, 0)))


def mark(kind: str, height: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """A point, comma, dash or double dash beside digits that are `height` pixels high: uint8 (H, W), on the base."""
    tall = round(1.3 * height)
    base = round(height)
    wide = round(height * random.uniform(0.4, 1.5)) if kind in ("dash", "double") else round(0.3 * height) + 2
    canvas = np.zeros((tall, wide), np.uint8)
    stroke = max(1, round(height * random.uniform(0.05, 0.12)))
    if kind == "point":
        radius = max(1, round(height * random.uniform(0.04, 0.1)))
        cv2.circle(canvas, (wide // 2, base - round(random.uniform(0, 0.2) * height)), radius, 255, -1, cv2.LINE_AA)
    elif kind == "comma":
        length = height * random.uniform(0.1, 0.28)
        start, end = (wide // 2 + 1, base - 1), (round(wide / 2 - 0.4 * length), round(base + length * 0.9))
        cv2.line(canvas, start, end, 255, stroke, cv2.LINE_AA)
    else:
        rows = (0.5,) if kind == "dash" else (0.42, 0.62)
        for row in rows:
            left, right = (round((row + random.uniform(-0.06, 0.06)) * height) for _ in range(2))
            cv2.line(canvas, (stroke, left), (wide - stroke - 1, right), 255, stroke, cv2.LINE_AA)
    return canvas


def joined(parts: list[NDArray[np.uint8]], height: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """The parts, each uint8 (H, W), side by side, with small gaps: uint8 (H, W)."""
    tall = max(len(part) for part in parts)
    row: list[NDArray[np.uint8]] = []
    for index, part in enumerate(parts):
        if index:
            row.append(np.zeros((tall, max(1, round(height * random.uniform(0.03, 0.3)))), np.uint8))
        row.append(np.pad(part, ((0, tall - len(part)), (0, 0))))
    return np.hstack(row)


def stretched(ink: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Ink uint8 (H, W) made wider, or narrower, by a factor above 0."""
    width = max(1, round(ink.shape[1] * factor))
    resampling = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    wider: NDArray[np.uint8] = cv2.resize(ink, (width, len(ink)), interpolation=resampling)
    return wider


class Paper(NamedTuple):
    """A page uint8 (H, W), 0 black to 255 white, and where the ink begins on it, in pixels."""

    gray: NDArray[np.uint8]
    top: int
    left: int


def on_paper(ink: NDArray[np.uint8], height: float, random: np.random.Generator) -> Paper:
    """Ink uint8 (H, W), white on black, on gray paper with a margin, noise and perhaps fine print.

    height: of the writing, in pixels.
    """
    bounds = CROP_MARGIN if random.random() < CROPPED else MARGIN
    margins = [round(height * random.uniform(*bounds)) for _ in range(4)]
    share = np.pad(ink, (margins[:2], margins[2:])).astype(np.float32) / 255
    if random.random() < 0.5:
        share = cv2.GaussianBlur(share, (0, 0), float(random.uniform(0.4, 0.9)))
    paper = float(random.uniform(*PAPER))
    darker = float(random.uniform(*INK))
    printed = np.zeros_like(share)
    if random.random() < PRINTED:
        rows, columns = np.indices(share.shape, np.float32)
        period, angle, bend = random.uniform(0.15, 0.4) * height, random.uniform(-0.5, 0.5), random.uniform(0, 3)
        phase = rows * np.cos(angle) + columns * np.sin(angle) + bend * np.sin(columns * 3 / height)
        printed = np.exp(-(((phase % period) - period / 2) ** 2)) * random.uniform(0.1, 0.3)
    if random.random() < BASE_LINE:
        row = min(len(share) - 2, margins[0] + round(height * random.uniform(1.0, 1.25)))
        printed[row : row + int(random.integers(1, 3))] = random.uniform(0.4, 0.9)
    page = paper - darker * np.maximum(share, printed) + random.normal(0, random.uniform(*NOISE), share.shape)
    return Paper(np.clip(np.rint(page), 0, 255).astype(np.uint8), margins[0], margins[2])
