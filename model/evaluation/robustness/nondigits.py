"""Conditions without a single digit: blank pages, noise, letters, icons, textures, photos, and two digits at once.

Each must be refused. The functions have the form of other conditions, but only `two_digits` uses the digit's ink.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from model.data.fonts import LETTERS, font
from model.evaluation.robustness.conditions import Condition, Kind
from model.evaluation.robustness.paint import Ink, enlarge, jpeg, paint, png

FONTS = ("Sans", "Sans-Bold", "Sans-Oblique", "SansMono", "SansMono-Bold", "Serif", "Serif-Italic", "Serif-Bold")
SIDE = 200  # pixels
PEN = 0.08  # mean width of an icon's lines, as a share of its side

Path2D = list[tuple[float, float]]


def arc(x: float, y: float, radius: float, start: float, end: float) -> Path2D:
    """Points along a circle's arc. start, end: degrees clockwise from the right; lengths: shares of the icon's side."""
    angles = np.radians(np.linspace(start, end, 24)).tolist()
    return [(x + radius * math.cos(angle), y + radius * math.sin(angle)) for angle in angles]


def star() -> Path2D:
    """The outline of a five-pointed star."""
    turns = [math.pi * (i / 5 - 0.5) for i in range(11)]
    return [
        (0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for a, r in zip(turns, [0.45, 0.18] * 5 + [0.45], strict=True)
    ]


HEAD = arc(0.5, 0.5, 0.42, 0, 360)
# Lines of each icon, in shares of its side from the top left.
ICONS: dict[str, list[Path2D]] = {
    "house": [[(0.1, 0.5), (0.5, 0.1), (0.9, 0.5)], [(0.2, 0.5), (0.2, 0.9), (0.8, 0.9), (0.8, 0.5)]],
    "star": [star()],
    "heart": [arc(0.3, 0.33, 0.2, 150, 360) + arc(0.7, 0.33, 0.2, 180, 390) + [(0.5, 0.9), (0.13, 0.43)]],
    "smiley": [HEAD, arc(0.5, 0.52, 0.24, 20, 160), arc(0.35, 0.4, 0.03, 0, 360), arc(0.65, 0.4, 0.03, 0, 360)],
    "envelope": [[(0.1, 0.25), (0.9, 0.25), (0.9, 0.75), (0.1, 0.75), (0.1, 0.25), (0.5, 0.55), (0.9, 0.25)]],
    "arrow": [[(0.1, 0.5), (0.9, 0.5)], [(0.62, 0.22), (0.9, 0.5), (0.62, 0.78)]],
    "cross": [[(0.15, 0.15), (0.85, 0.85)], [(0.85, 0.15), (0.15, 0.85)]],
    "plus": [[(0.5, 0.1), (0.5, 0.9)], [(0.1, 0.5), (0.9, 0.5)]],
    "menu": [[(0.1, y), (0.9, y)] for y in (0.2, 0.5, 0.8)],
    "square": [[(0.15, 0.15), (0.85, 0.15), (0.85, 0.85), (0.15, 0.85), (0.15, 0.15)]],
    "triangle": [[(0.5, 0.12), (0.92, 0.85), (0.08, 0.85), (0.5, 0.12)]],
    "sun": [arc(0.5, 0.5, 0.2, 0, 360)]
    + [
        [(0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for r in (0.3, 0.45)]
        for a in np.arange(0, 6.28, 0.785).tolist()
    ],
    "fish": [[*arc(0.4, 0.75, 0.42, 220, 320), (0.95, 0.7), (0.95, 0.3), *arc(0.4, 0.25, 0.42, 40, 140)]],
    "tree": [[(0.5, 0.95), (0.5, 0.7)], [(0.5, 0.05), (0.85, 0.7), (0.15, 0.7), (0.5, 0.05)]],
    "hash": [
        [(0.35, 0.1), (0.3, 0.9)],
        [(0.7, 0.1), (0.65, 0.9)],
        [(0.1, 0.35), (0.9, 0.35)],
        [(0.1, 0.65), (0.9, 0.65)],
    ],
}


def blank(ink: Ink, random: Generator) -> bytes:
    """Empty paper: evenly bright or darker to one side, with or without a sensor's noise."""
    level, fall = random.uniform(0, 255), random.choice([0.0, random.uniform(0, 40)])
    page = level - fall * np.linspace(0, 1, SIDE)[:, None] * np.ones(SIDE)
    grain = random.normal(0, random.choice([0.0, 3.0]), page.shape)
    return png(np.clip(page + grain, 0, 255).astype(np.uint8))


def noise(ink: Ink, random: Generator) -> bytes:
    """Normal noise of any strength, or black specks, on 28 to 200 pixels."""
    side = int(random.choice([28, 64, SIDE]))
    if random.random() < 0.5:
        return png(np.clip(random.normal(128, random.uniform(10, 80), (side, side)), 0, 255).astype(np.uint8))
    return png(np.where(random.random((side, side)) < random.uniform(0.02, 0.5), 0, 255).astype(np.uint8))


def letter(ink: Ink, random: Generator) -> bytes:
    """A printed letter, rotated by up to 10°."""
    page = Image.new("L", (SIDE, SIDE), 255)
    text = str(random.choice(list(LETTERS)))
    large = font(f"DejaVu{random.choice(FONTS)}", 120)
    ImageDraw.Draw(page).text((SIDE / 2, SIDE / 2), text, fill=0, font=large, anchor="mm")
    return png(np.asarray(page.rotate(random.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=255)))


def icon(ink: Ink, random: Generator) -> bytes:
    """A simple drawing, in lines of varying width or filled, rotated by up to 10°."""
    page = Image.new("L", (4 * SIDE, 4 * SIDE), 255)
    draw = ImageDraw.Draw(page)
    width = round(4 * SIDE * PEN * random.uniform(0.5, 1.5))
    filled = random.random() < 0.25
    for line in ICONS[str(random.choice(list(ICONS)))]:
        points = [(400 + (x - 0.5) * 500, 400 + (y - 0.5) * 500) for x, y in line]
        if filled and line[0] == line[-1]:
            draw.polygon(points, fill=0)
        draw.line(points, fill=0, width=width, joint="curve")
    turned = page.rotate(random.uniform(-10, 10), Image.Resampling.BICUBIC, fillcolor=255)
    return png(np.asarray(turned.resize((SIDE, SIDE), Image.Resampling.BOX)))


def texture(ink: Ink, random: Generator) -> bytes:
    """Stripes, checks, dots or clouds over the whole page."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] * (2 * math.pi / random.uniform(8, 60))
    angle = random.uniform(0, math.pi)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    pattern = [np.sin(u), np.sign(np.sin(u)), np.sin(u) * np.sin(v), np.sign(np.sin(u) * np.sin(v)), clouds(random)]
    low, high = random.uniform(0, 110), random.uniform(145, 255)
    return png((low + (high - low) * (pattern[random.integers(5)] + 1) / 2).astype(np.uint8))


def clouds(random: Generator) -> NDArray[np.float64]:
    """Random noise at six scales, float64 (SIDE, SIDE), −1 to 1."""
    total = np.zeros((SIDE, SIDE))
    for power in range(1, 7):
        coarse = Image.fromarray(random.normal(0, 1, (2**power, 2**power)).astype(np.float32))
        total += np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) / 2**power
    total /= np.abs(total).max()
    return total


@functools.cache
def photos() -> list[NDArray[np.uint8]]:
    """The two photos that come with scikit-learn, a temple and a flower: uint8 (427, 640, 3)."""
    from sklearn.datasets import load_sample_images  # an extra, and slow to import

    return list(load_sample_images().images)


def scene(ink: Ink, random: Generator) -> bytes:
    """A random part of a real photo."""
    picture = photos()[random.integers(2)]
    side = int(random.integers(60, 400))
    top, left = random.integers(0, picture.shape[0] - side), random.integers(0, picture.shape[1] - side)
    part = Image.fromarray(picture[top : top + side, left : left + side]).filter(ImageFilter.GaussianBlur(0.5))
    return jpeg(np.asarray(part.resize((256, 256))), 85)


def two_digits(ink: Ink, random: Generator) -> bytes:
    """The digit twice, each of a random size, side by side without touching."""
    page = np.zeros((SIDE, 2 * SIDE), np.float32)
    middle = SIDE
    for index in range(2):
        side = int(random.integers(120, 190))
        inked = np.flatnonzero(ink.max(axis=0) > 60) * side // 28
        top, gap = int(random.integers(0, SIDE - side)), int(random.integers(4, 16))
        left = middle - gap - int(inked[-1]) - side // 28 if index == 0 else middle + gap - int(inked[0])
        left = min(max(left, 0), 2 * SIDE - side)
        part = page[top : top + side, left : left + side]
        np.maximum(part, enlarge(ink, side), out=part)
    return png(paint(page))


NON_DIGITS = (
    Condition("blank", Kind.NO_DIGIT, blank),
    Condition("noise", Kind.NO_DIGIT, noise),
    Condition("letters", Kind.NO_DIGIT, letter),
    Condition("icons", Kind.NO_DIGIT, icon),
    Condition("textures", Kind.NO_DIGIT, texture),
    Condition("photos", Kind.NO_DIGIT, scene),
    Condition("two digits", Kind.NO_DIGIT, two_digits),
)
