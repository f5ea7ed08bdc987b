"""Digits on papers of all kinds: ruled, squared, dotted, rough under a faint pencil, and sheets with dark around."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from model.data.written import written
from model.evaluation.robustness.canvas import (
    Page,
    Shape,
    drawn,
    grating,
    grid,
    line,
    paper,
    printed,
    shot,
    within,
)
from model.evaluation.robustness.conditions import Build
from model.evaluation.robustness.nondigits import clouds
from model.evaluation.robustness.paint import Ink, paint, png
from model.evaluation.robustness.photo import perspective

SHEET = 240  # pixels of a sheet's shorter side before it is photographed


def page_of(random: Generator, low: int, high: int) -> Page:
    """A sheet whose height is `low` to `high` pixels."""
    height = int(random.integers(low, high + 1))
    return paper((height, round(height * random.uniform(0.75, 1.35))), random)


def on(page: Page, ink: Ink, random: Generator, low: float, high: float, edge: float = 0.06) -> Page:
    """The page with the digit on it, `low` to `high` of its height, at least a share `edge` away from its sides."""
    shape = page.shape[:2]
    digit = written(ink, min(shape[0], 1.2 * shape[1]) * random.uniform(low, high))
    box = (edge * shape[1], edge * shape[0], (1 - edge) * shape[1], (1 - edge) * shape[0])
    return drawn(page, random, within(digit, shape, box, random))


def lined(is_squared: bool) -> Build:
    """Ruled or squared paper with any spacing, turned by up to 10°; the lines are lighter or darker than the ink."""

    def build(ink: Ink, random: Generator) -> bytes:
        page = page_of(random, 200, 520)
        height = page.shape[0]
        spacing, angle = height * random.uniform(0.04, 0.3), random.uniform(-10, 10)
        width = min(random.uniform(0.8, 3.5) * height / 400, spacing / 6)
        share = grating(page.shape[:2], spacing, width, angle, random)
        if is_squared:
            share = np.maximum(share, grating(page.shape[:2], spacing, width, angle + 90, random))
        return shot(on(paint(share, page, printed(random)), ink, random, 0.25, 0.65), random, 0.3)

    return build


def dotted(ink: Ink, random: Generator) -> bytes:
    """Dotted paper: where two gratings cross."""
    page = page_of(random, 150, 500)
    shape, height = page.shape[:2], page.shape[0]
    spacing, angle, width = height * random.uniform(0.06, 0.2), random.uniform(-7, 7), max(1.3, height / 140)
    dots = grating(shape, spacing, width, angle, random) * grating(shape, spacing, width, angle + 90, random)
    return shot(on(paint(dots, page, printed(random)), ink, random, 0.35, 0.65), random, 0.3)


def faint_pencil(ink: Ink, random: Generator) -> bytes:
    """A pencil that takes 10 to 25 % of the light, on paper that is not even."""
    page = page_of(random, 110, 520)
    shape = page.shape[:2]
    rough = stretched(clouds(random), shape)[..., None] * random.uniform(1, 6)
    digit = written(ink, shape[0] * random.uniform(0.35, 0.65))
    share = within(digit, shape, (0, 0, shape[1], shape[0]), random) * random.uniform(0.55, 1, shape)
    gray = page.astype(np.float32) * (1 - share[..., None] * random.uniform(0.13, 0.3)) + rough
    return shot(gray.clip(0, 255).astype(np.uint8), random, 0.2, 0.8)


def stretched(share: NDArray[np.float64], shape: Shape) -> NDArray[np.float32]:
    """An array (H, W) resized to a shape."""
    return np.asarray(Image.fromarray(share.astype(np.float32)).resize(shape[::-1], Image.Resampling.BICUBIC))


def desk(ink: Ink, random: Generator) -> bytes:
    """A sheet, turned and in perspective, on a dark desk of one color, of wood or in clouds: 30 to 75 % of the page."""
    sheet = on(paper((SHEET, round(SHEET * random.uniform(1, 1.4))), random), ink, random, 0.25, 0.65, 0.1)
    height = round(SHEET * random.uniform(1.25, 1.7))
    size = (round(sheet.shape[1] * height / SHEET * random.uniform(0.9, 1.1)), height)
    around = surface((height, size[0]), random)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (sheet.shape[1], sheet.shape[0])
    turn = np.radians(random.uniform(-12, 12))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    moved = (corners - corners.mean(axis=0)) * random.uniform(0.94, 1.06, (4, 2)) @ rotation + np.array(size) / 2
    seen = Image.fromarray(sheet).convert("RGBA").transform(
        size, Image.Transform.PERSPECTIVE, perspective(moved, corners), Image.Resampling.BICUBIC
    )  # fmt: skip
    layers = np.asarray(seen)
    cover = layers[..., 3].astype(np.float32) / np.float32(255)
    return shot(paint(cover, around, layers[..., :3]), random, 0.35)


def surface(shape: Shape, random: Generator) -> Page:
    """A desk: dark brown, gray or black; of one color, of wood or in clouds."""
    base = random.uniform((20, 15, 10), (120, 90, 70)) if random.random() < 0.5 else np.full(3, random.uniform(10, 100))
    pattern = stretched(clouds(random), shape)
    if random.random() < 0.4:
        x, y = grid(shape)
        pattern = np.sin((x + y * random.uniform(-0.3, 0.3)) / random.uniform(4, 25) + 5 * pattern)
    strength = random.choice([0.0, 0.15, 0.4])
    page: Page = np.clip(base * (1 + strength * pattern[..., None]), 0, 255).astype(np.uint8)
    return page


def dark_sides(ink: Ink, random: Generator) -> bytes:
    """A scanned sheet with a dark margin at three or four sides, 1 pixel to a tenth of the page wide, often oblique."""
    page = on(page_of(random, 90, 420), ink, random, 0.35, 0.6, 0.17)
    shape = page.shape[:2]
    height, width = shape
    shade = np.full(3, random.uniform(0, 110))
    for index in random.permutation(4)[: random.integers(3, 5)].tolist():
        wide = 2 * random.uniform(1, 0.1 * min(shape))
        lean = 0.02 * width * random.choice([0, random.uniform(-1, 1)])
        ends = [((0, -9), (0, height + 9)), ((-9, 0), (width + 9, 0)), ((width - 1, -9), (width - 1, height + 9)),
                ((-9, height - 1), (width + 9, height - 1))][index]  # fmt: skip
        first, last = ends
        page = paint(line(shape, (first[0] + lean, first[1] + lean), last, wide), page, shade)
    return shot(page, random, 0.3) if random.random() < 0.6 else png(page)
