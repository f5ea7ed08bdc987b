"""Find all the ink on a page, without printed lines: what may belong to numbers.

For a single digit, model/preprocessing/foreground.py does the same with the same steps; there, lengths are shares of
the page, since the digit fills it, while here they are shares of the writing's height.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.numbers.printed_lines import NO_LINES, without_printed_lines, writing_height
from model.preprocessing.background import Background, background_of, full_strength, ink_of, noise_of, of_other_polarity
from model.preprocessing.components import components_of, stroke_width
from model.preprocessing.errors import BlankImage, CrowdedPage
from model.preprocessing.foreground import MIN_CONTRAST, reflectance_of, sheet_within

SOLID_SHARE = 0.4  # of the ink's strength from which a pixel is ink
NOISE_FACTOR = 3.0  # and at least so many standard deviations of the paper
CLEAR_CONTRAST = 64  # gray levels of ink that shows by itself that a page's polarity was misjudged
FAINT_SHARE = 0.25  # of the ink's strength from which a pixel may belong to a printed line
# Bounds, within which any page is read in about a second:
LARGE = 96  # pixels; a page with higher writing is shrunk
SHRUNK = 48  # pixels that the writing's height is shrunk to, at least; its strokes keep one
MAX_INK = 300_000  # pixels of ink
MAX_MARKS = 3_000  # components that are no dust
LEGIBLE, MAX_SPECKS = 7, 100  # pixels of the writing's height; on a page with lower writing, so many marks are noise
DUST = 4  # pixels; smaller components are dust, if the writing is not as small
NO_CONTRAST = "The page looks empty. Write in dark ink on light paper, or the other way round."
TOO_GRAINY = "The page is so grainy or patterned that no ink stands out. Send plain paper, in good light."
ONLY_LINES = "The page shows lines, but no number between them."
CROWDED = "There are too many marks on the page to read numbers among them. Send the part of it that shows the numbers."


class PageInk(NamedTuple):
    """The ink on a page, or on the sheet that it shows.

    ink: float32 (H, W), 0 paper to 255 full ink; mask: bool (H, W), where it is solid and no printed line; height: of
    the writing, in pixels; top, left: where these pixels begin on the page; scale: pixels of the page for each of them;
    uprights: float (U, 2, 2), the upper and the lower end, x and y, of each printed upright line; none are looked for
    if the writing is large.
    """

    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]
    height: float
    top: float
    left: float
    scale: float = 1.0
    uprights: NDArray[np.float64] = NO_LINES

    def on_page(self, left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
        """A rectangle on the page, in its pixels."""
        return (
            left * self.scale + self.left, top * self.scale + self.top,
            right * self.scale + self.left, bottom * self.scale + self.top,
        )  # fmt: skip


def find_ink(page: NDArray[np.uint8]) -> PageInk:
    """Find the ink on a page uint8 (H, W), 0 black to 255 white. Raises BlankImage or CrowdedPage."""
    top, left, gray = sheet_within(page)
    found = ink_of_sheet(gray)
    factor = min(int(found.height // SHRUNK), int(stroke_width(found.mask)))  # by which no stroke is lost
    if found.height > LARGE and factor > 1:
        size = (max(1, gray.shape[1] // factor), max(1, gray.shape[0] // factor))
        found = ink_of_sheet(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))
    return found._replace(top=top, left=left, scale=len(gray) / len(found.ink))


def ink_of_sheet(gray: NDArray[np.uint8]) -> PageInk:
    """Find the ink on a sheet uint8 (H, W) that fills the page. Raises BlankImage or CrowdedPage."""
    background, ink, strength = background_and_ink(gray)
    if strength < MIN_CONTRAST:
        raise BlankImage(NO_CONTRAST)
    paler = ink_of(gray - background.level, not background.is_light)  # than paper: by noise alone
    floor = NOISE_FACTOR * noise_of(paler)
    mask = ink > max(SOLID_SHARE * strength, floor)
    if not mask.any():
        raise BlankImage(TOO_GRAINY)
    mask, height = without_dust(mask)
    uprights = NO_LINES
    if np.count_nonzero(mask) <= MAX_INK:  # else the writing is large: the lines are looked for when it is shrunk
        mask, height, uprights = without_printed_lines(mask, ink > max(FAINT_SHARE * strength, floor), ink)
        if not mask.any():
            raise BlankImage(ONLY_LINES)
    ink *= 255 / strength
    return PageInk(np.minimum(ink, 255, out=ink), mask, height, 0, 0, uprights=uprights)


def background_and_ink(gray: NDArray[np.uint8]) -> tuple[Background, NDArray[np.float32], float]:
    """The background of a sheet uint8 (H, W), how far each pixel differs from it, float32 (H, W), and full ink does."""
    background = background_of(gray)
    ink = reflectance_of(gray - background.level, background)
    strength = full_strength(ink)
    if strength >= MIN_CONTRAST or not background.is_uneven:
        return background, ink, strength
    other = of_other_polarity(gray, background)
    difference = gray - other.level
    if full_strength(ink_of(difference, other.is_light)) < CLEAR_CONTRAST:
        return background, ink, strength
    ink = reflectance_of(difference, other)
    return other, ink, full_strength(ink)


def without_dust(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], float]:
    """The mask bool (H, W) without specks, and the writing's height in pixels. Raises BlankImage or CrowdedPage."""
    parts = components_of(mask)
    kept = parts.area >= DUST
    if not kept.any():
        raise BlankImage(NO_CONTRAST)
    height = writing_height(parts, mask.shape)
    count = np.count_nonzero(kept)
    if count > (MAX_MARKS if height >= LEGIBLE else MAX_SPECKS) or (
        height <= LARGE and np.count_nonzero(mask) > MAX_INK
    ):
        raise CrowdedPage(CROWDED)
    return parts.mask_of(kept), height
