"""What page conditions are drawn with: paper and pens, lines and discs, a digit to place, and a camera.

A mark is a share of ink (H, W), 0–1, with soft edges, which `paint` lays on a page. Lengths are pixels; a place is
(x, y) from the upper left corner.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.evaluation.robustness.paint import Share, jpeg, paint

Shape = tuple[int, int]  # height and width
Page = NDArray[np.uint8]  # (H, W, 3)
Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def paper(shape: Shape, random: Generator) -> Page:
    """A light page, white, gray or yellowish."""
    color = random.uniform(180, 252) * random.uniform((0.97, 0.95, 0.88), (1.0, 1.0, 1.0))
    return np.broadcast_to(np.rint(color).astype(np.uint8), (*shape, 3)).copy()


def pen(random: Generator) -> NDArray[np.float64]:
    """An ink's color: black, blue or red, more or less dark."""
    inks = (((10, 10, 10), (85, 85, 85)), ((10, 20, 90), (50, 70, 150)), ((120, 15, 15), (170, 50, 50)))
    low, high = inks[random.choice(3, p=(0.6, 0.3, 0.1))]
    return random.uniform(low, high)


def printed(random: Generator) -> NDArray[np.float64]:
    """The color of printed lines: black to light gray, blue, red or green."""
    if random.random() < 0.6:
        return np.full(3, random.uniform(10, 165))
    color = random.uniform(90, 150, 3)
    color[random.integers(3)] = random.uniform(160, 215)
    return color


def placed(mark: Share, shape: Shape, left: float, top: float) -> Share:
    """A page of this shape with the mark on it; what lies outside the page is cut off."""
    page = np.zeros(shape, np.float32)
    row, column = round(top), round(left)
    part = mark[max(-row, 0) : shape[0] - row, max(-column, 0) : shape[1] - column]
    row, column = max(row, 0), max(column, 0)
    page[row : row + part.shape[0], column : column + part.shape[1]] = part
    return page


def within(mark: Share, shape: Shape, box: Box, random: Generator) -> Share:
    """The mark somewhere in a box of the page, in its middle if there is no room."""
    left, top, right, bottom = box
    room = np.array([right - left - mark.shape[1], bottom - top - mark.shape[0]])
    x, y = (left, top) + np.where(room > 0, random.uniform(0, 1, 2), 0.5) * room
    return placed(mark, shape, x, y)


def grid(shape: Shape) -> tuple[Share, Share]:
    """The places of all pixels: x (1, W) and y (H, 1)."""
    return np.arange(shape[1], dtype=np.float32)[None, :], np.arange(shape[0], dtype=np.float32)[:, None]


def line(shape: Shape, start: Place, end: Place, width: float) -> Share:
    """A straight line."""
    x, y = grid(shape)
    length = max(float(np.hypot(end[0] - start[0], end[1] - start[1])), 1e-6)
    u, v = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    along = (x - start[0]) * u + (y - start[1]) * v
    beyond = np.maximum(np.maximum(-along, along - length), 0)
    return stroke(np.hypot(beyond, (y - start[1]) * u - (x - start[0]) * v), width)


def grating(shape: Shape, spacing: float, width: float, angle: float, random: Generator) -> Share:
    """Parallel lines over the whole page, `angle` degrees from level."""
    x, y = grid(shape)
    turn = np.radians(angle)
    return repeated(y * np.cos(turn) - x * np.sin(turn) + random.uniform(0, spacing), spacing, width)


def repeated(across: NDArray[np.floating], spacing: float, width: float) -> Share:
    """Lines wherever `across`, a distance in pixels (H, W), is a multiple of `spacing`."""
    return stroke(np.abs((across + spacing / 2) % spacing - spacing / 2), width)


def outline(shape: Shape, box: Box, radius: float, width: float) -> Share:
    """The outline of a box with round corners; with half its side as radius, a ring."""
    x, y = grid(shape)
    left, top, right, bottom = box
    away_x = np.abs(x - (left + right) / 2) - (right - left) / 2 + radius
    away_y = np.abs(y - (top + bottom) / 2) - (bottom - top) / 2 + radius
    corner = np.hypot(np.maximum(away_x, 0), np.maximum(away_y, 0))
    return stroke(np.abs(corner + np.minimum(np.maximum(away_x, away_y), 0) - radius), width)


def ring(shape: Shape, center: Place, radii: NDArray[np.float64], width: float, random: Generator) -> Share:
    """An ellipse as a hand draws it: a little lopsided, and a third of them not closed."""
    x, y = grid(shape)
    angle = np.arctan2(y - center[1], x - center[0])
    wave = 1 + random.uniform(0, 0.05) * np.sin(2 * angle + random.uniform(0, 6.3))
    mean = float(radii.mean())
    share = stroke(np.abs(np.hypot((x - center[0]) / radii[0], (y - center[1]) / radii[1]) - wave) * mean, width)
    gap = random.uniform(-0.4, 0.2)  # radians, half of the opening
    is_ink = np.abs((angle - random.uniform(-3, 3) + np.pi) % (2 * np.pi) - np.pi) > gap
    opened: Share = share * is_ink
    return opened


def disc(shape: Shape, center: Place, radius: float) -> Share:
    """A filled disc."""
    x, y = grid(shape)
    return stroke(np.hypot(x - center[0], y - center[1]), 2 * radius)


def stroke(distance: NDArray[np.floating], width: float) -> Share:
    """The share of ink at a distance from the middle of a line; thinner than a pixel, it is fainter."""
    share: Share = np.clip(max(width, 1.0) / 2 + 0.5 - distance, 0, 1).astype(np.float32) * np.float32(min(width, 1.0))
    return share


def drawn(page: Page, random: Generator, *marks: Share) -> Page:
    """The page with marks of one pen, which is not black all over."""
    share = np.maximum.reduce(marks)
    return paint(share * random.uniform(0.85, 1.0), page, pen(random))


def shot(page: Page, random: Generator, dark: float = 0.4, soft: float = 1.0) -> bytes:
    """A phone's JPEG of the page: darker to one side by up to `dark`, blurred by up to `soft` pixels, with noise."""
    x, y = grid(page.shape[:2])
    angle = random.uniform(0, 2 * np.pi)
    across = (x / page.shape[1] - 0.5) * np.cos(angle) + (y / page.shape[0] - 0.5) * np.sin(angle)
    lit = page * (1 - random.uniform(0, dark) * (0.5 + across / 1.5))[..., None]
    blurred = Image.fromarray(lit.astype(np.uint8)).filter(ImageFilter.GaussianBlur(random.uniform(0, soft)))
    noise = random.normal(0, random.uniform(0, 5), page.shape[:2])[..., None]
    return jpeg(np.clip(np.asarray(blurred) + noise, 0, 255).astype(np.uint8), int(random.integers(55, 95)))
