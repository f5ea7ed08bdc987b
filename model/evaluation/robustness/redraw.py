"""Redraw a digit along its center line with strokes of one width, as a mouse or a pen draws on a canvas.

Thinning finds the center line: Zhang and Suen, "A Fast Parallel Algorithm for Thinning Digital Patterns",
Communications of the ACM 27, 1984.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from model.evaluation.robustness.paint import Ink, Share, enlarge

FINE_SIDE = 140  # pixels a side at which a digit is thinned
SMOOTH = ImageFilter.GaussianBlur(1.5)  # pixels of FINE_SIDE; avoids jagged edges and most spurs of the center line
SOLID = 140  # gray level from which ink is thinned: a higher one breaks thin strokes, a lower one closes small loops
STEPS = 8  # per pixel of FINE_SIDE: the unit in which a byte stores a distance


def redraw(ink: Ink, side: int, radius: float) -> Share:
    """Share of ink float32 (side, side), 0–1: strokes that extend `radius` pixels from the center line of the ink.

    ink: uint8 (28, 28), white on black.
    """
    fine = Image.fromarray(ink).resize((FINE_SIDE, FINE_SIDE), Image.Resampling.BICUBIC).filter(SMOOTH)
    line = center_line(np.asarray(fine) > SOLID)
    if not line.any():
        return enlarge(ink, side)
    far = np.minimum(distance_from(line) * STEPS, 255)
    wide = Image.fromarray(far.astype(np.uint8)).filter(SMOOTH).resize((side, side), Image.Resampling.BICUBIC)
    distance = np.asarray(wide, np.float32) * np.float32(side / FINE_SIDE / STEPS)
    share: Share = np.clip(radius + np.float32(0.5) - distance, 0, 1)
    return share


def distance_from(line: NDArray[np.bool_]) -> Share:
    """Each pixel's distance to the nearest True pixel of bool (H, W), in pixels: float32 (H, W)."""
    rows, columns = (places.astype(np.float32) for places in np.nonzero(line))
    y, x = (np.arange(length, dtype=np.float32) for length in line.shape)
    squares = np.square(y[:, None] - rows)[:, None, :] + np.square(x[:, None] - columns)[None, :, :]
    distance: Share = np.sqrt(squares.min(axis=2))
    return distance


def center_line(solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Thin what is True in bool (H, W) to lines of one pixel's width: bool (H, W)."""
    page = np.pad(solid, 1)
    while True:
        before = page.sum()
        for first in (True, False):
            page[1:-1, 1:-1] &= ~removable(page, first)
        if page.sum() == before:
            return page[1:-1, 1:-1]


def removable(page: NDArray[np.bool_], first: bool) -> NDArray[np.bool_]:
    """Which inner pixels one half-step of thinning removes from bool (H + 2, W + 2): bool (H, W).

    first: which of the algorithm's two alternating half-steps.
    """
    height, width = page.shape[0] - 2, page.shape[1] - 2
    ring = [(0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]  # clockwise from above
    around = np.stack([page[row : row + height, column : column + width] for row, column in ring])
    count = around.sum(axis=0)
    starts = (~around & np.roll(around, -1, axis=0)).sum(axis=0)
    above, right, below, left = around[0], around[2], around[4], around[6]
    pair, ends = (right & below, above | left) if first else (above & left, right | below)
    result: NDArray[np.bool_] = (count >= 2) & (count <= 6) & (starts == 1) & ~(pair & ends)
    return result
