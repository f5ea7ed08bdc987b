"""Find the ink on a gray page: a binarization into background and foreground that keeps the ink's gray levels.

The background is the brightness of the page's border or, in uneven light, a smooth estimate. Ink is what is darker than
the background, or what is lighter: whichever differs more. On large pages, ruled lines, edges and dust are removed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.background import (
    SMALL_PAGE_SIDE,
    border_of,
    full_strength,
    has_dark_ink,
    illumination,
    without_ruled_lines,
)
from model.preprocessing.components import main_components
from model.preprocessing.errors import BlankImage

FLAT_SPREAD = 24  # gray levels between the border's 10th and 90th percentile; above it the light is uneven
MIN_CONTRAST = 16  # gray levels between background and ink
FULL_CONTRAST = 230  # gray levels; ink of at least this strength is not amplified
NOISE_FACTOR = 4.0  # ink begins at this many standard deviations of the background
MAX_NOISE = 0.06  # share of the ink's strength; a noisier page is averaged over 2×2 pixels
NOISY_SIDE = 56  # pixels; averaging leaves at least this much
SOLID_INK = 127  # of 255; if removing ruled lines leaves no ink this strong, the digit itself was taken for a line
NO_CONTRAST = "The page looks empty. Draw one digit in dark ink on light paper, or the other way round."
TOO_GRAINY = "The page is so grainy or patterned that no ink stands out. Send one digit on plain paper, in good light."


class Foreground(NamedTuple):
    """The ink on a page.

    pixels: ink float32 (H, W), 0 background to 255 full ink; rows, columns: the strongest ink of each row (H,) and of
    each column (W,); stray: as `main_components` returns it, 0 if nothing was looked for.
    """

    pixels: NDArray[np.float32]
    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    stray: float


def find_foreground(gray: NDArray[np.uint8]) -> Foreground:
    """Find the ink on a page uint8 (H, W), 0 black to 255 white. Raises BlankImage."""
    if max(gray.shape) <= SMALL_PAGE_SIDE and (foreground := foreground_of_clean_page(gray)) is not None:
        return foreground
    ink, stray = without_clutter(ink_of_any_page(gray))
    return Foreground(ink, ink.max(axis=1), ink.max(axis=0), stray)


def foreground_of_clean_page(gray: NDArray[np.uint8]) -> Foreground | None:
    """Find the ink on a small page with a pure black or pure white border and full contrast; None for other pages.

    There, nothing has to be estimated: the result is that of the general way, at a tenth of its cost.
    """
    background = gray.item(0)
    if background == 0:
        ink = gray
    elif background == 255:
        ink = ~gray
    else:
        return None
    rows, columns = np.maximum.reduce(ink, 1), np.maximum.reduce(ink, 0)
    if rows.item(0) or rows.item(-1) or columns.item(0) or columns.item(-1) or np.maximum.reduce(rows) < FULL_CONTRAST:
        return None
    return Foreground(ink.astype(np.float32), rows.astype(np.float32), columns.astype(np.float32), 0.0)


def ink_of_any_page(gray: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The general way: ink float32 (H, W), 0 background to 255 full ink, of a page uint8 (H, W). Raises BlankImage.

    The ink of a noisy page has half its height and width, or a fourth, and so on, as far as it was averaged.
    """
    low, middle, high = (float(value) for value in np.percentile(border_of(gray), (10, 50, 90)))
    is_uneven = high - low > FLAT_SPREAD and min(gray.shape) > SMALL_PAGE_SIDE
    background = illumination(gray) if is_uneven else np.float32(middle)
    difference = gray - background
    is_dark = has_dark_ink(difference)
    ink: NDArray[np.float32] = np.maximum(-difference if is_dark else difference, 0).astype(np.float32)
    if is_uneven and is_dark:
        ink *= 255 / np.maximum(background, 32)  # reflectance: the same ink differs less from the paper in a shadow
    noise = 1.4826 * float(np.median(np.abs(border_of(difference))))  # standard deviation of normal noise
    strength = full_strength(ink)
    if noise > MAX_NOISE * strength and min(gray.shape) >= 2 * NOISY_SIDE:
        return ink_of_any_page(np.asarray(Image.fromarray(gray).reduce(2)))  # a mean of four has half the noise
    if strength < max(MIN_CONTRAST, 2 * NOISE_FACTOR * noise):
        raise BlankImage(NO_CONTRAST if strength < MIN_CONTRAST else TOO_GRAINY)
    if noise:
        ink[ink < NOISE_FACTOR * noise] = 0
    if strength < FULL_CONTRAST:
        ink *= 255 / strength
    np.minimum(ink, 255, out=ink)
    return ink


def without_clutter(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Remove ruled lines, edges and dust from the ink float32 (H, W) of a large page; return it and the stray share."""
    if max(ink.shape) <= SMALL_PAGE_SIDE:
        return ink, 0.0
    bare = without_ruled_lines(ink)
    return main_components(bare if bare.max() > SOLID_INK else ink)
