"""Conditions of numbers: each turns MNIST's digits into a picture of one number, or of a page of them.

They are written as `model.data.strings` places them, 20 to 80 pixels high. Checks are drawn in checks.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from model.data.strings import Spacing
from model.data.written import written
from model.evaluation.robustness.canvas import (
    Page,
    drawn,
    grating,
    outline,
    paper,
    placed,
    printed,
    shot,
    within,
)
from model.evaluation.robustness.checks import check
from model.evaluation.robustness.marks import amount, row
from model.evaluation.robustness.paint import Share, jpeg, paint
from model.evaluation.robustness.photo import HEIGHT, TILT, WIDTH, taken

Images = NDArray[np.uint8]  # (N, 32, 32), white ink on black
Build = Callable[[Images, Generator], bytes]

LONGEST = 8  # digits of a number
PAGE_LINES, PAGE_DIGITS = 10, 6  # lines of a page, and digits of each
SLANT = 0.35  # of the height by which digits lean to either side, at most
TURN = 6.0  # degrees by which a line rises or falls, at most


@dataclass(frozen=True)
class NumberCondition:
    """build: digits and a random generator → the bytes of a picture file.

    lines: how many numbers the picture shows; length: digits of each, None for any from 1 to LONGEST.
    """

    name: str
    build: Build
    lines: int = 1
    length: int | None = None


def height_of(random: Generator) -> float:
    """The height of a number's digits, 20 to 80 pixels."""
    return float(random.uniform(20, 80))


def framed(share: Share, height: float, random: Generator) -> Share:
    """The line on a page with margins of a third to one and a half times the digits' height."""
    left, top, right, bottom = (height * random.uniform(0.35, 1.5, 4)).tolist()
    shape = round(share.shape[0] + top + bottom), round(share.shape[1] + left + right)
    return placed(share, shape, left, top)


def sheet(share: Share, height: float, random: Generator, page: Page | None = None) -> bytes:
    """A scan or a photo of the ink on plain paper, or on the page; blurred by at most a fiftieth of the height."""
    page = paper(share.shape, random) if page is None else page
    return shot(drawn(page, random, share), random, 0.3, height / 50)


def plain(spacing: Spacing) -> Build:
    """A number on plain paper."""

    def build(images: Images, random: Generator) -> bytes:
        height = height_of(random)
        return sheet(framed(row(images, random, height, spacing), height, random), height, random)

    return build


def slanted(images: Images, random: Generator) -> bytes:
    """All digits lean to one side by up to SLANT of their height, and the line rises or falls by up to TURN."""
    height = height_of(random)
    share = framed(row(images, random, height, slant=random.uniform(-SLANT, SLANT)), height, random)
    return sheet(turned(share, random.uniform(-TURN, TURN)), height, random)


def turned(share: Share, angle: float) -> Share:
    """The page turned to the left by `angle` degrees and as much larger as it needs to be."""
    seen = Image.fromarray(share).rotate(angle, Image.Resampling.BICUBIC, expand=True)
    return np.asarray(seen, np.float32).clip(0, 1)


def ruled(images: Images, random: Generator) -> bytes:
    """Ruled paper, its lines anywhere below or in the digits, turned by up to 3°, of any color."""
    height = height_of(random)
    share = framed(row(images, random, height), height, random)
    spacing, width = height * random.uniform((0.9, 0.02), (2.2, 0.06))
    lines = grating(share.shape, spacing, width, random.uniform(-3, 3), random)
    return sheet(share, height, random, paint(lines, paper(share.shape, random), printed(random)))


def boxes(images: Images, random: Generator) -> bytes:
    """A form's field: a printed box for each digit, next to each other or apart, and one digit in each."""
    height = height_of(random)
    wide, high, apart = height * random.uniform((1.2, 1.4, 0.12), (1.6, 1.9, 0.5))
    apart = random.choice([0.0, apart])
    margin, width = height * random.uniform(0.3, 1.0), height * random.uniform(0.02, 0.07)
    shape = round(high + 2 * margin), round(len(images) * (wide + apart) - apart + 2 * margin)
    frames, digits = [], []
    for index, image in enumerate(images):
        left = margin + index * (wide + apart)
        box = (left, margin, left + wide, margin + high)
        frames.append(outline(shape, box, 0.0, width))
        inner = (box[0] + 2 * width, box[1] + 2 * width, box[2] - 2 * width, box[3] - 2 * width)
        digits.append(within(written(image, height * random.uniform(0.9, 1.05)), shape, inner, random))
    page = paint(np.maximum.reduce(frames) * random.uniform(0.7, 1), paper(shape, random), printed(random))
    return sheet(np.maximum.reduce(digits), height, random, page)


def punctuated(images: Images, random: Generator) -> bytes:
    """Points or commas before each three digits, and often a dash, a point or "=" at the end."""
    height = height_of(random)
    return sheet(framed(amount(images, height, random), height, random), height, random)


def photo(images: Images, random: Generator) -> bytes:
    """A phone's photo of a sheet, the digits 25 to 80 pixels high and far enough from the edges to be all on it."""
    share = row(images, random, 80)
    scale = min(1, 0.8 * WIDTH / share.shape[1]) * random.uniform(0.4, 1)
    size = round(share.shape[1] * scale), round(share.shape[0] * scale)
    small = np.asarray(Image.fromarray(share).resize(size, Image.Resampling.BOX))
    box = (TILT * WIDTH, TILT * HEIGHT, (1 - TILT) * WIDTH, (1 - TILT) * HEIGHT)
    return jpeg(taken(within(small, (HEIGHT, WIDTH), box, random), random), 80)


def page(images: Images, random: Generator) -> bytes:
    """PAGE_LINES lines, each of PAGE_DIGITS digits of 24 to 48 pixels, on plain paper, turned by up to 1°."""
    height = random.uniform(24, 48)
    lines = [row(line, random, height) for line in images.reshape(PAGE_LINES, -1, *images.shape[1:])]
    pitch, margin = height * random.uniform(1.6, 2.4), 2 * height
    indents = height * random.uniform(0, 1.5, len(lines))
    right = max(indent + line.shape[1] for indent, line in zip(indents, lines, strict=True))
    shape = round(2 * margin + len(lines) * pitch), round(2 * margin + right + height * random.uniform(0, 6))
    share = np.maximum.reduce([
        placed(line, shape, margin + indent, margin + pitch * index)
        for index, (line, indent) in enumerate(zip(lines, indents, strict=True))
    ])  # fmt: skip
    return sheet(turned(share, random.uniform(-1, 1)), height, random)


NUMBER_CONDITIONS = (
    NumberCondition("natural spacing", plain(Spacing.NATURAL)),
    NumberCondition("close", plain(Spacing.CLOSE)),
    NumberCondition("tight", plain(Spacing.TIGHT)),
    NumberCondition("touching", plain(Spacing.TOUCHING)),
    NumberCondition("slanted", slanted),
    NumberCondition("on ruled paper", ruled),
    NumberCondition("in printed boxes", boxes),
    NumberCondition("on a check", check),
    NumberCondition("points and dashes", punctuated),
    NumberCondition("photo of a number", photo),
    NumberCondition("page of ten lines", page, PAGE_LINES, PAGE_DIGITS),
)
