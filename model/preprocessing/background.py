"""Estimate a page's background: its brightness, uneven light, the ink's polarity and strength, and ruled lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ILLUMINATION_SIDE = 48  # pixels to which the page is shrunk for estimating its light
SMALL_PAGE_SIDE = 40  # pixels; on pages up to this size, uneven light, ruled lines and dust are not looked for
OVER_A_LINE = 64  # of 255; ink this much stronger than a ruled line was written over it


def border_of(page: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of a page (H, W), in a frame a fiftieth of its shorter side wide: a flat array."""
    width = max(1, min(page.shape) // 50)
    return np.concatenate(
        [page[:width].ravel(), page[-width:].ravel(), page[:, :width].ravel(), page[:, -width:].ravel()]
    )


def illumination(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The background's brightness float32 (H, W), 0–255, of a page uint8 (H, W).

    It is a median over a wide window: ink covers less than half of any window.
    """
    height, width = gray.shape
    scale = ILLUMINATION_SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = Image.fromarray(gray).resize(size, Image.Resampling.BOX)
    smooth = small.filter(ImageFilter.MedianFilter(15)).filter(ImageFilter.GaussianBlur(2))
    return np.asarray(smooth.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def has_dark_ink(difference: NDArray[Any]) -> bool:
    """The polarity: whether the ink is darker than the background. difference: page minus background, in gray levels.

    Cubes give large differences the most weight, and ink differs more than noise: so their sum has the ink's sign.
    """
    values = difference.astype(np.float32)
    return bool((values * values * values).sum() < 0)


def full_strength(ink: NDArray[np.float32]) -> float:
    """The strength of full ink, in gray levels, 0 if there is none.

    A high percentile of the strong pixels, so that a single bright pixel of a large page does not decide.
    """
    if ink.size <= SMALL_PAGE_SIDE * SMALL_PAGE_SIDE:
        return float(ink.max())
    inked = ink[ink > 0.3 * ink.max()]
    return float(np.percentile(inked, 90)) if inked.size else 0.0


def without_ruled_lines(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink float32 (H, W), 0–255, without the ruled lines that cross the whole page.

    The median of a row or column is the strength of a line there. Ink up to OVER_A_LINE stronger is removed.
    """
    bare = ink.copy()
    for page in (bare, bare.T):
        rows = np.flatnonzero((page[:, 0] > 0) & (page[:, -1] > 0))
        if not 0 < len(rows) < len(page) / 2:
            continue
        part = page[rows]
        level = np.median(part, axis=1, keepdims=True)
        page[rows] = np.where((level > 0) & (part < level + OVER_A_LINE), 0, part)
    return bare
