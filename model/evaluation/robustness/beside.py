"""Digits with something beside them: specks, a full stop, an underline, writing that shines through, a neighbour."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from model.data.written import written
from model.evaluation.robustness.canvas import Box, Page, Shape, disc, drawn, line, paper, pen, placed, shot
from model.evaluation.robustness.paint import Ink, Share, paint, png


def written_on(page: Page, ink: Ink, random: Generator) -> tuple[Share, Box]:
    """The digit near the middle of the page, 35 to 60 % as high, and the box that it fills."""
    height, width = page.shape[:2]
    digit = written(ink, min(height, width) * random.uniform(0.35, 0.6))
    left = (width - digit.shape[1]) * random.uniform(0.35, 0.65)
    top = (height - digit.shape[0]) * random.uniform(0.35, 0.6)
    return placed(digit, (height, width), left, top), (left, top, left + digit.shape[1], top + digit.shape[0])


def sheet(random: Generator) -> Page:
    """A light page of 110 to 460 pixels."""
    height = int(random.integers(110, 461))
    return paper((height, round(height * random.uniform(0.85, 1.25))), random)


def salt_and_pepper(ink: Ink, random: Generator) -> bytes:
    """Single black and white pixels all over, as of a bad scanner: 0.5 to 5 % of the page."""
    page = sheet(random)
    page = drawn(page, random, written_on(page, ink, random)[0])
    chance, share = random.random(page.shape[:2]), random.uniform(0.005, 0.05)
    page[chance < share / 2], page[chance > 1 - share / 2] = 0, 255
    return png(page)


def dust(ink: Ink, random: Generator) -> bytes:
    """Five to fifty specks, up to a fortieth of the page wide, in two grays."""
    page = sheet(random)
    page = drawn(page, random, written_on(page, ink, random)[0])
    height, width = page.shape[:2]
    for gray in random.uniform(0, 130, 2):
        specks = np.zeros((height, width), np.float32)
        for _ in range(random.integers(3, 26)):
            radius = random.uniform(0.5, height / 80)
            side = 2 * int(radius) + 3
            left, top = random.uniform(0, (width - side, height - side))
            specks += placed(disc((side, side), (side / 2, side / 2), radius), (height, width), left, top)
        page = paint(np.minimum(specks, 1), page, np.full(3, gray))
    return shot(page, random, 0.3)


def full_stop(ink: Ink, random: Generator) -> bytes:
    """A full stop or a comma behind the digit, by the same pen."""
    page = sheet(random)
    shape: Shape = page.shape[:2]
    digit, (_, _, right, bottom) = written_on(page, ink, random)
    radius = shape[0] * random.uniform(0.012, 0.032)
    x, y = right + radius * random.uniform(2.5, 6), bottom - radius * random.uniform(-0.5, 1.5)
    marks = [digit, disc(shape, (x, y), radius)]
    if random.random() < 0.4:
        marks.append(line(shape, (x, y), (x - 1.2 * radius, y + radius * random.uniform(2, 4)), radius))
    return shot(drawn(page, random, *marks), random, 0.3)


def underlined(ink: Ink, random: Generator) -> bytes:
    """A stroke below the digit by the same pen, not touching it, level or a little oblique."""
    page = sheet(random)
    shape: Shape = page.shape[:2]
    digit, (left, _, right, bottom) = written_on(page, ink, random)
    width, wide = shape[0] * random.uniform(0.01, 0.03), max(right - left, shape[0] * 0.1)
    y = bottom + width + shape[0] * random.uniform(0.02, 0.1)
    start = (left - wide * random.uniform(0, 0.5), y)
    end = (right + wide * random.uniform(0, 0.5), y + wide * random.uniform(-0.06, 0.06))
    return shot(drawn(page, random, digit, line(shape, start, end, width)), random, 0.3)


def shining_through(ink: Ink, random: Generator) -> bytes:
    """The same digit on the back of the sheet, mirrored, blurred, and 8 to 30 % as dark."""
    page = sheet(random)
    shape: Shape = page.shape[:2]
    mirrored = written(ink[:, ::-1], shape[0] * random.uniform(0.3, 0.7))
    behind = placed(mirrored, shape, *(random.uniform(-0.1, 0.6, 2) * shape[::-1]))
    soft = Image.fromarray(paint(behind, 0.0, 255.0)).filter(ImageFilter.GaussianBlur(shape[0] / 110))
    page = paint(
        np.asarray(soft, np.float32) / np.float32(255) * np.float32(random.uniform(0.08, 0.3)), page, pen(random)
    )
    return shot(drawn(page, random, written_on(page, ink, random)[0]), random, 0.3)


def neighbour(ink: Ink, random: Generator) -> bytes:
    """15 to 55 % of another digit, here the same one, peeks in at the left or the right."""
    page = sheet(random)
    shape: Shape = page.shape[:2]
    digit, (left, top, right, _) = written_on(page, ink, random)
    other = written(ink, shape[0] * random.uniform(0.3, 0.5))
    is_left = random.random() < 0.5
    part = min(random.uniform(0.15, 0.55) * other.shape[1], 0.8 * (left if is_left else shape[1] - right))
    x = part - other.shape[1] if is_left else shape[1] - part
    return shot(drawn(page, random, digit, placed(other, shape, x, top + random.uniform(-0.1, 0.1) * shape[0])), random)
