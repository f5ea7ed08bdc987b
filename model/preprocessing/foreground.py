"""From a gray page to the ink on it.

The paper is what the border shows, or, where light is uneven, a smooth estimate of it; ink is what differs from it
in the direction that differs more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.background import SMALL_SIDE, Floats, border_of, light_of, polarity, strongest, without_rules
from model.preprocessing.components import main_component
from model.preprocessing.errors import BlankImage

FLAT_SPREAD = 24  # gray levels between the border's 10th and 90th percentile; above it the light is uneven
MIN_CONTRAST = 16  # gray levels between paper and ink
FULL_CONTRAST = 230  # from here on the ink's strength is left as it is
NOISE_FACTOR = 4.0  # ink starts at this many deviations of the paper
MAX_NOISE = 0.06  # of the ink's strength; a page with more is averaged
NOISY_SIDE = 56  # pixels; averaging leaves this much
SOLID_INK = 127  # of 255; a page that without its ruled lines has none so strong was all digit
NO_CONTRAST = "The page looks empty. Draw one digit in dark ink on light paper, or the other way round."
TOO_GRAINY = "The page is so grainy or patterned that no ink stands out. Send one digit on plain paper, in good light."


class Ink(NamedTuple):
    """Ink float32 (H, W), 0 paper to 255 full ink; the strongest of each row (H,) and of each column (W,).

    stray: share, 0–1, of the ink on the page that lay beside and was left out.
    """

    pixels: Floats
    rows: Floats
    columns: Floats
    stray: float


def find_ink(gray: NDArray[np.uint8]) -> Ink:
    """The ink on a page uint8 (H, W). Raises BlankImage."""
    if max(gray.shape) <= SMALL_SIDE and (ink := ink_on_pure_paper(gray)) is not None:
        return ink
    pixels, stray = ink_on_any_paper(gray)
    return Ink(pixels, pixels.max(axis=1), pixels.max(axis=0), stray)


def ink_on_pure_paper(gray: NDArray[np.uint8]) -> Ink | None:
    """The ink of a small page with a border of pure black or white and full contrast, None for any other page.

    What the general way comes to where there is nothing to estimate, at a tenth of its cost.
    """
    paper = gray.item(0)
    if paper == 0:
        ink = gray
    elif paper == 255:
        ink = ~gray
    else:
        return None
    rows, columns = np.maximum.reduce(ink, 1), np.maximum.reduce(ink, 0)
    if rows.item(0) or rows.item(-1) or columns.item(0) or columns.item(-1) or np.maximum.reduce(rows) < FULL_CONTRAST:
        return None
    return Ink(ink.astype(np.float32), rows.astype(np.float32), columns.astype(np.float32), 0.0)


def ink_on_any_paper(gray: NDArray[np.uint8]) -> tuple[Floats, float]:
    """Ink float32 (H, W), 0 paper to 255 full ink, of a page uint8 (H, W), and its stray share. Raises BlankImage."""
    border = border_of(gray)
    low, middle, high = (float(value) for value in np.percentile(border, (10, 50, 90)))
    uneven = high - low > FLAT_SPREAD and min(gray.shape) > SMALL_SIDE
    paper = light_of(gray) if uneven else np.float32(middle)
    difference = gray - paper
    dark_ink = polarity(difference)
    ink = np.maximum(-difference if dark_ink else difference, 0).astype(np.float32)
    if uneven and dark_ink:
        ink *= 255 / np.maximum(paper, 32)  # reflectance: the same ink is fainter in the shadow
    noise = 1.4826 * float(np.median(np.abs(border_of(difference))))  # deviation from the median, if it is normal
    strength = strongest(ink)
    if noise > MAX_NOISE * strength and min(gray.shape) >= 2 * NOISY_SIDE:
        return ink_on_any_paper(np.asarray(Image.fromarray(gray).reduce(2)))  # a mean of four has half the noise
    if strength < max(MIN_CONTRAST, 2 * NOISE_FACTOR * noise):
        raise BlankImage(NO_CONTRAST if strength < MIN_CONTRAST else TOO_GRAINY)
    if noise:
        ink[ink < NOISE_FACTOR * noise] = 0
    if strength < FULL_CONTRAST:
        ink *= 255 / strength
    np.minimum(ink, 255, out=ink)
    stray = 0.0
    if max(ink.shape) > SMALL_SIDE:
        bare = without_rules(ink.copy())
        ink, stray = main_component(bare if bare.max() > SOLID_INK else ink)
    return ink, stray
