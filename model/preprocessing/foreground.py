"""Find the ink on a gray page: a binarization into background and foreground that keeps the ink's gray levels.

The background is the brightness of the page or, in uneven light, a smooth estimate. Ink is what is darker than the
background, or what is lighter: whichever differs more. What is no part of the digit is removed: what lies beside the
sheet (sheet.py), printed lines (structure.py), specks and other ink (digit.py).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.background import (
    SMALL_PAGE_SIDE,
    TINY_PAGE_SIDE,
    Background,
    background_of,
    border_of,
    full_strength,
    ink_of,
    noise_of,
)
from model.preprocessing.components import dilated
from model.preprocessing.digit import digit_of
from model.preprocessing.errors import BlankImage
from model.preprocessing.layout import extent, is_centered
from model.preprocessing.lines import MAX_WIDTH, Line
from model.preprocessing.sheet import Sheet, find_sheet
from model.preprocessing.structure import structure_of

cv2.setNumThreads(1)  # worker processes bring the parallelism

MIN_CONTRAST = 16  # gray levels between background and ink
FULL_CONTRAST = 230  # gray levels; ink of at least this strength is not amplified
NOISE_FACTOR = 4.0  # ink begins at this many standard deviations of the background
MAX_NOISE = 0.06  # share of the ink's strength; a noisier page is averaged over 2×2 pixels
NOISY_SIDE = 56  # pixels; averaging leaves at least this much; a smaller page is blurred
BLURRED_NOISE = 0.4  # times as strong is noise after a Gaussian blur with a standard deviation of a pixel
CLEARLY = 1.3  # times as strong as the weakest pixel of ink is a digit's full ink, at least
SMALL_PAGES_LINE = 3.6  # pixels; a frame's line on a small page may be as wide
FAINT_SHARE = 0.15  # of the ink's strength from which a printed line is seen
SOLID_SHARE = 0.35  # of the ink's strength from which a component's pixels are solid
FAINT_INK, FAINT_SOLID_SHARE = 64, 0.5  # gray levels of faint ink; of its strength: the paper's stains are weaker
MAX_SIDE = 320  # pixels of the mask on which lines and components are found, at most
MIN_SIDE = 112  # and at least
SHEETS = 3  # that lie in each other, at most: a picture of a sheet with a box
ROUNDS = 3  # of looking for structure: what is erased in one uncovers more
KEPT_AROUND = 2  # pixels of that mask that are kept around a component, for its strokes' soft edges
NO_CONTRAST = "The page looks empty. Draw one digit in dark ink on light paper, or the other way round."
TOO_GRAINY = "The page is so grainy or patterned that no ink stands out. Send one digit on plain paper, in good light."
ONLY_LINES = "The page shows lines, but no digit between them."


class Foreground(NamedTuple):
    """The ink on a page.

    pixels: ink float32 (H, W), 0 background to 255 full ink; rows, columns: the strongest ink of each row (H,) and of
    each column (W,); stray: the share, 0–1, of the page's ink that is neither the digit's nor structure nor specks, 1
    if a ring was drawn around the digit, the border cuts it, or another digit beside it was left out; top, left: where
    these pixels begin on the page; scale: pixels of the page for each of them; shows_several: as in `Digit`.
    """

    pixels: NDArray[np.float32]
    rows: NDArray[np.float32]
    columns: NDArray[np.float32]
    stray: float
    top: int = 0
    left: int = 0
    scale: float = 1.0
    shows_several: bool = False


class Beside(NamedTuple):
    """What there is beside the digit: stray, shows_several, as in `Foreground`."""

    stray: float = 0.0
    shows_several: bool = False


def find_foreground(gray: NDArray[np.uint8]) -> Foreground:
    """Find the ink on a page uint8 (H, W), 0 black to 255 white. Raises BlankImage."""
    if max(gray.shape) <= SMALL_PAGE_SIDE and (foreground := foreground_of_clean_page(gray)) is not None:
        return foreground
    top, left, gray = sheet_within(gray)
    ink, (stray, shows_several) = ink_of_any_page(gray)
    rows, columns = ink.max(axis=1), ink.max(axis=0)
    return Foreground(ink, rows, columns, stray, top, left, len(gray) / len(ink), shows_several)


def sheet_within(gray: NDArray[np.uint8]) -> Sheet:
    """The sheet that bears the writing: the innermost one on a page uint8 (H, W), or the page itself."""
    inner = Sheet(0, 0, gray)
    for _ in range(SHEETS):
        sheet = find_sheet(inner.gray)
        if sheet is None:
            break
        inner = Sheet(inner.top + sheet.top, inner.left + sheet.left, sheet.gray)
    return inner


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


def ink_of_any_page(gray: NDArray[np.uint8]) -> tuple[NDArray[np.float32], Beside]:
    """The general way: ink float32 (H, W), 0 background to 255 full ink, of a page uint8 (H, W). Raises BlankImage.

    The ink of a noisy page has half its height and width, or a fourth, and so on, as far as it was averaged.
    """
    background = background_of(gray)
    difference = gray - background.level
    ink = reflectance_of(difference, background)
    noise = noise_of(difference)
    strength = full_strength(ink)
    if strength < MIN_CONTRAST:
        raise BlankImage(NO_CONTRAST)
    if noise > MAX_NOISE * strength and min(gray.shape) >= 2 * NOISY_SIDE:
        return ink_of_any_page(cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    if noise > MAX_NOISE * strength and min(gray.shape) > SMALL_PAGE_SIDE:
        ink = cv2.GaussianBlur(ink, (0, 0), 1.0)
        noise *= BLURRED_NOISE
    floor = NOISE_FACTOR * noise
    beside = Beside()
    if may_have_clutter(ink, max(floor, FAINT_SHARE * strength)):
        kept, beside = clean(resized(ink), floor, max(MAX_WIDTH, SMALL_PAGES_LINE / min(ink.shape)))
        kept = cv2.resize(kept.astype(np.uint8), ink.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        ink = np.where(kept, ink, np.float32(0))
        strength = full_strength(ink)
    if strength < max(MIN_CONTRAST, CLEARLY * floor):
        raise BlankImage(NO_CONTRAST if strength < MIN_CONTRAST else TOO_GRAINY)
    ink[ink < floor] = 0
    if strength < FULL_CONTRAST:
        ink *= 255 / strength
    np.minimum(ink, 255, out=ink)
    return ink, beside


def reflectance_of(difference: NDArray[np.float32], background: Background) -> NDArray[np.float32]:
    """How far a page is darker, or lighter, than its paper, 0–255: float32 (H, W). difference: page minus background.

    In a shadow the same ink differs less from the paper.
    """
    ink = ink_of(difference, background.is_light)
    if background.is_uneven and background.is_light:
        ink *= 255 / np.maximum(background.level, 32)
    return ink


def may_have_clutter(ink: NDArray[np.float32], level: float) -> bool:
    """Whether other ink than the digit is looked for: not on a tiny page, on a small one only if its border has ink.

    On a page of MNIST, the digit itself may reach the border. level: gray levels from which ink counts.
    """
    if max(ink.shape) > SMALL_PAGE_SIDE:
        return True
    inked = ink > level
    if min(ink.shape) < TINY_PAGE_SIDE or not border_of(inked).any():
        return False
    rows, columns = (extent(ink.max(axis=axis), level) for axis in (1, 0))
    return not is_centered(ink, rows[1] - rows[0], columns[1] - columns[0])


def resized(ink: NDArray[np.float32]) -> NDArray[np.float32]:
    """Ink float32 (H, W) at a size at which lines and components are found; thin strokes survive shrinking."""
    height, width = ink.shape
    factor = -(-max(height, width) // MAX_SIDE)
    if factor > 1:
        wide = cv2.dilate(ink, np.ones((factor, factor), np.uint8))
        small: NDArray[np.float32] = cv2.resize(
            wide, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_NEAREST
        )
        return small
    factor = -(-MIN_SIDE // min(height, width))
    return ink if factor == 1 else cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)


def clean(ink: NDArray[np.float32], floor: float, max_width: float) -> tuple[NDArray[np.bool_], Beside]:
    """Which pixels of ink float32 (H, W) are or surround the digit: bool (H, W); and what is beside them."""
    ink = ink.copy()
    erased = np.zeros(ink.shape, bool)
    lines: list[Line] = []
    for _ in range(ROUNDS):
        found = structure_of(ink > max(floor, FAINT_SHARE * full_strength(ink)), max_width, lines)
        if not found:
            break
        for line in found:
            erased[line.rows, line.columns] = True
        ink[erased] = 0
        lines += found
    line_width = max((line.width for line in lines), default=0.0)
    strength = full_strength(ink)
    solid = strength * (SOLID_SHARE if strength >= FAINT_INK else FAINT_SOLID_SHARE)
    digit = digit_of(ink > max(floor, solid), erased, line_width)
    if digit is None:
        raise BlankImage(ONLY_LINES)
    kept = dilated(digit.kept, KEPT_AROUND) & ~erased
    is_part = digit.has_ring or digit.is_cut or digit.is_one_of_several
    return kept, Beside(1.0 if is_part else digit.stray, digit.shows_several)
