"""Digits in forms: cells that were cut out with remains of their frame, closed boxes, and comb fields."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from model.data.fonts import font
from model.data.written import written
from model.evaluation.robustness.canvas import (
    Box,
    Place,
    Shape,
    drawn,
    line,
    outline,
    paper,
    printed,
    shot,
    within,
)
from model.evaluation.robustness.paint import Ink, Share, paint, png

CAPTIONS = ("Day", "Month", "Postcode", "Amount", "No.", "Points", "Class", "Answer 4", "Total", "Account")


def cell(ink: Ink, random: Generator) -> bytes:
    """A form's cell of 48 to 220 pixels, cut out of a photo: each side of its frame just inside or outside the picture.

    The frame is turned by up to 4°, sometimes broken, and sometimes touched by the digit.
    """
    height = int(random.integers(48, 221))
    shape = (height, round(height * random.uniform(0.7, 1.35)))
    width = random.uniform(0.9, min(shape) / 28)
    margins = random.uniform(-0.06, 0.11, 4) * (shape[1], shape[0], shape[1], shape[0])
    slope = np.tan(np.radians(random.uniform(-4, 4)))
    frame = np.maximum.reduce([side(shape, index, margins[index], slope, width, random) for index in range(4)])
    page = paint(frame * random.uniform(0.7, 1), paper(shape, random), printed(random))
    left, top, right, bottom = np.maximum(margins, 0) + random.uniform(-0.5, 3) * width
    box = (left, top, shape[1] - right, shape[0] - bottom)
    digit = written(ink, min(box[3] - box[1], (box[2] - box[0]) * 1.2) * random.uniform(0.5, 0.9))
    return shot(drawn(page, random, within(digit, shape, box, random)), random, 0.55, 1.5)


def side(shape: Shape, index: int, margin: float, slope: float, width: float, random: Generator) -> Share:
    """The left, upper, right or lower line of a frame, `margin` pixels within the page; a third are broken."""
    height, wide = shape
    x, y = (
        (margin, wide / 2, wide - 1 - margin, wide / 2)[index],
        (height / 2, margin, height / 2, height - 1 - margin)[index],
    )
    reach = max(shape)
    u, v = (1.0, slope) if index % 2 else (-slope, 1.0)
    far, near = (x + reach * u, y + reach * v), (x - reach * u, y - reach * v)
    if random.random() < 2 / 3:
        return line(shape, near, far, width)
    gap = sorted(random.uniform(-0.45, 0.45, 2))
    cut: list[Place] = [
        (x + share * (wide if index % 2 else height) * u, y + share * (wide if index % 2 else height) * v)
        for share in gap
    ]
    return np.maximum(line(shape, near, cut[0], width), line(shape, cut[1], far, width))


def line_at_the_edge(ink: Ink, random: Generator) -> bytes:
    """MNIST's own picture with a line of 1 to 3 pixels at one edge or two, level or turned, in both polarities."""
    page = np.roll(ink, random.integers(-2, 3, 2), (0, 1)).astype(np.float32) / np.float32(255)
    width, level = random.uniform(1, 3), random.uniform(0.4, 1)
    slope = float(random.choice([0.0, np.tan(np.radians(random.uniform(-4, 4)))]))
    for index in random.permutation(4)[: random.integers(1, 3)].tolist():
        page = np.maximum(page, np.float32(level) * side(page.shape, index, random.uniform(0, 2), slope, width, random))
    paper_level, ink_level = random.uniform(0, 40), random.uniform(200, 255)
    gray = paint(page, paper_level, ink_level)
    return png(gray if random.random() < 0.5 else 255 - gray)


def box(ink: Ink, random: Generator) -> bytes:
    """A closed box around the digit, with square or round corners, single or double, turned by up to 5°."""
    shape, frame = sized(random)
    width, radius = random.uniform(1, 4) * shape[0] / 250, random.choice([0.0, random.uniform(0.03, 0.2) * shape[0]])
    lines = [outline(shape, frame, radius, width)]
    if random.random() < 0.25:
        gap = random.uniform(2, 4) * width
        left, top, right, bottom = frame
        lines.append(outline(shape, (left - gap, top - gap, right + gap, bottom + gap), radius, width))
    share = Image.fromarray(np.maximum.reduce(lines)).rotate(random.uniform(-5, 5), Image.Resampling.BICUBIC)
    return filled(ink, np.asarray(share).clip(0, 1), frame, random)


def comb(ink: Ink, random: Generator) -> bytes:
    """A field that is open at the top, between its neighbours; half have a small printed caption."""
    shape, frame = sized(random)
    left, top, right, bottom = frame
    width, rise = random.uniform(1, 4) * shape[0] / 250, random.uniform(0.15, 1) * (bottom - top)
    teeth = [line(shape, (x, bottom - rise), (x, bottom), width) for x in (left, right)]
    share = np.maximum.reduce([*teeth, line(shape, (-9, bottom), (shape[1] + 9, bottom), width)])
    if random.random() < 0.5:
        place = (left, bottom + 3 * width if random.random() < 0.5 else max(top - 0.1 * shape[0], 0))
        share = np.maximum(share, caption(shape, place, shape[0] * random.uniform(0.045, 0.075), random))
    return filled(ink, share, frame, random)


def sized(random: Generator) -> tuple[Shape, Box]:
    """The size of a page of 110 to 450 pixels, and the box on it that a digit is to be written in."""
    height = int(random.integers(110, 451))
    width = round(height * random.uniform(0.85, 1.25))
    left, top, right, bottom = random.uniform(0.09, 0.2, 4)
    return (height, width), (left * width, top * height, (1 - right) * width, (1 - bottom) * height)


def filled(ink: Ink, frame: Share, box: Box, random: Generator) -> bytes:
    """A photo of a printed frame with the digit in its box."""
    page = paint(frame, paper(frame.shape, random), printed(random))
    left, top, right, bottom = box
    near = 0.04 * (bottom - top)
    digit = written(ink, min(bottom - top, (right - left) * 1.1) * random.uniform(0.5, 0.82))
    inside = (left + near, top + near, right - near, bottom - near)
    return shot(drawn(page, random, within(digit, frame.shape, inside, random)), random)


def caption(shape: Shape, place: Place, size: float, random: Generator) -> Share:
    """Small print on a page."""
    page = Image.new("L", shape[::-1])
    small = font(f"DejaVu{random.choice(['Sans', 'Sans-Bold', 'Serif'])}", max(6, round(size)))
    ImageDraw.Draw(page).text(place, str(random.choice(CAPTIONS)), fill=255, font=small)
    return np.asarray(page, np.float32) / np.float32(255)
