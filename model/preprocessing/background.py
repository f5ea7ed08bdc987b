"""The background of a page: its brightness, its uneven light, the polarity of the ink on it, and ruled lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ILLUMINATION_SIDE = 48  # pixels to which the page is shrunk for estimating its light
SMALL_PAGE_SIDE = 40  # pixels; a page up to here is looked at whole: dust needs more room
OVER_A_LINE = 64  # of 255; ink that is this much stronger than a printed line was written over it


def border_of(page: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels, a fiftieth of the page's side wide."""
    width = max(1, min(page.shape) // 50)
    return np.concatenate(
        [page[:width].ravel(), page[-width:].ravel(), page[:, :width].ravel(), page[:, -width:].ravel()]
    )


def illumination(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The background's brightness, float32 (H, W): a wide median, since ink covers less than half of any part."""
    height, width = gray.shape
    scale = ILLUMINATION_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = Image.fromarray(gray).resize(size, Image.Resampling.BOX)
    smooth = small.filter(ImageFilter.MedianFilter(15)).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(smooth.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def has_dark_ink(difference: NDArray[Any]) -> bool:
    """The polarity: whether the ink is darker than the background, the side with the stronger outliers."""
    values = difference.astype(np.float32)
    return bool((values * values * values).sum() < 0)


def full_strength(ink: NDArray[np.float32]) -> float:
    """The strength of full ink: a high percentile, so that one bright pixel of a large page does not set it."""
    if ink.size <= SMALL_PAGE_SIDE * SMALL_PAGE_SIDE:
        return float(ink.max())
    inked = ink[ink > 0.3 * ink.max()]
    return float(np.percentile(inked, 90)) if inked.size else 0.0


def without_ruled_lines(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink float32 (H, W) without the lines that cross the whole page: their strength is a row's or column's median."""
    bare = ink.copy()
    for page in (bare, bare.T):
        rows = np.flatnonzero((page[:, 0] > 0) & (page[:, -1] > 0))
        if not 0 < len(rows) < len(page) / 2:
            continue
        part = page[rows]
        level = np.median(part, axis=1, keepdims=True)
        page[rows] = np.where((level > 0) & (part < level + OVER_A_LINE), 0, part)
    return bare
