"""Amounts on bank checks, as an office scans them: gray paper under a pattern of fine lines, and a printed base line.

The digits are 15 to 30 pixels high. Patterns resemble those of real checks; none is copied from one.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.data.strings import Spacing
from model.evaluation.robustness.canvas import Shape, grating, grid, line, placed, repeated
from model.evaluation.robustness.marks import amount
from model.evaluation.robustness.nondigits import clouds
from model.evaluation.robustness.paint import Share, jpeg, paint
from model.evaluation.robustness.papers import stretched

SPACINGS = (0.7, 0.15, 0.15)  # how often an amount has each of `Spacing`


def check(images: NDArray[np.uint8], random: Generator) -> bytes:
    """The digits, uint8 (N, 32, 32), as an amount with points and an end mark, on a check: a JPEG."""
    height = random.uniform(15, 30)
    spacing = list(Spacing)[random.choice(len(SPACINGS), p=SPACINGS)]
    written = amount(images, height, random, spacing, random.uniform(-0.1, 0.4))
    left, top, right, bottom = height * random.uniform(0.2, (0.8, 0.5, 0.8, 0.7))
    shape = round(written.shape[0] + top + bottom), round(written.shape[1] + left + right)
    level = random.uniform(150, 235)
    uneven = stretched(clouds(random), shape) * random.uniform(0, 10)
    gray = (level + uneven) * (1 - random.uniform(0.08, 0.3) * pattern(shape, random))
    if random.random() < 0.6:
        gray *= 1 - random.uniform(0.3, 0.6) * base_line(shape, top + written.shape[0], height, random)
    ink = level * random.uniform(0.12, 0.45)
    share = placed(written, shape, left, top) * random.uniform(0.85, 1.0, shape).astype(np.float32)
    page = paint(share, gray[..., None], ink)[..., 0]
    soft = np.asarray(Image.fromarray(page).filter(ImageFilter.GaussianBlur(random.uniform(0.4, 0.9))), np.float32)
    noisy = soft + random.normal(0, random.uniform(0.5, 4), shape)
    return jpeg(np.clip(noisy, 0, 255).astype(np.uint8), int(random.integers(60, 95)))


def base_line(shape: Shape, lowest: float, height: float, random: Generator) -> Share:
    """A printed line near the digits' lower edge, which is a little above `lowest`: level within 1°."""
    y = lowest - height * random.uniform(-0.1, 0.35)
    slope = np.tan(np.radians(random.uniform(-1, 1))) * shape[1]
    return line(shape, (-9, y), (shape[1] + 9, y + slope), random.uniform(0.8, 2))


def pattern(shape: Shape, random: Generator) -> Share:
    """Security lines: waves, hatching, arcs around points off the page, or two of these over each other."""
    kinds = (waves, hatching, arcs)
    chosen = [kinds[index] for index in random.choice(len(kinds), 1 + int(random.random() < 0.4)).tolist()]
    share: Share = np.maximum.reduce([kind(shape, random) for kind in chosen])
    return share


def waves(shape: Shape, random: Generator) -> Share:
    """Wavy lines, about level."""
    x, y = grid(shape)
    spacing, length = random.uniform(3, 7), random.uniform(12, 90)
    swing = random.uniform(0.2, 0.9) * min(spacing, length / 8)
    across = y + x * random.uniform(-0.15, 0.15) + swing * np.sin(2 * np.pi * x / length + random.uniform(0, 6.3))
    return repeated(across, spacing, random.uniform(0.7, 1.3))


def hatching(shape: Shape, random: Generator) -> Share:
    """Oblique straight lines, sometimes crossed."""
    spacing, width, angle = random.uniform(4, 11), random.uniform(0.6, 1.1), random.uniform(15, 75)
    share = grating(shape, spacing, width, angle, random)
    return share if random.random() < 0.6 else np.maximum(share, grating(shape, spacing, width, -angle, random))


def arcs(shape: Shape, random: Generator) -> Share:
    """Guilloche: rings around a point beyond the page's edge, which waver with the angle."""
    x, y = grid(shape)
    beyond = random.uniform(0.3, 2)  # page's heights above or below the page
    center = random.uniform(-0.3, 1.3) * shape[1], shape[0] * (-beyond if random.random() < 0.5 else 1 + beyond)
    away_x, away_y = x - center[0], y - center[1]
    waver = random.uniform(0, 5) * np.sin(random.uniform(4, 16) * np.arctan2(away_y, away_x))
    return repeated(np.hypot(away_x, away_y) + waver, random.uniform(3, 7), random.uniform(0.7, 1.2))
