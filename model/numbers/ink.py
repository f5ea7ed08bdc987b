"""Find all the ink on a page, without printed lines: what may belong to numbers.

For a single digit, model/preprocessing/foreground.py does the same with the same steps; there, lengths are shares of
the page, since the digit fills it, while here they are shares of the writing's height.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.background import background_of, full_strength, noise_of
from model.preprocessing.components import BESIDE, Components, components_of, dilated, stroke_width
from model.preprocessing.errors import BlankImage, CrowdedPage
from model.preprocessing.foreground import (
    MIN_CONTRAST,
    NO_CONTRAST,
    ONLY_LINES,
    TOO_GRAINY,
    reflectance_of,
    sheet_within,
)
from model.preprocessing.lines import Line, find_lines
from model.preprocessing.structure import crosses, is_corner

SOLID_SHARE = 0.4  # of the ink's strength from which a pixel is ink
NOISE_FACTOR = 3.0  # and at least so many standard deviations of the paper
MIN_HEIGHT = 5  # pixels of a component that counts for the writing's height
SLENDER = 6.0  # longer over shorter side; such a component may be a line, and does not count either
TOO_LARGE = 0.9  # of both sides of the page; so large a component is a frame
FEW = 0.3  # of the ink; if less is writing, then the large component is
# Shares of the writing's height:
REACH = 3.2  # what stands for the page's shorter side when lines are looked for
LINE_WIDTH = 0.25  # widest line
LONG_LINE = 3.0  # so long a line is no stroke
MEETING = 0.15  # lines whose ends are nearer to each other meet
DEBRIS = 0.3  # what touches an erased line and is smaller is debris of it
TYPICAL, STRONGER = 75, 1.2  # percentile of the ink along a line, and times it; stronger ink is a stroke's
THINNER = 0.75  # times the writing's strokes: width of a long line within the page
PEN = 1.4  # times the width of printed lines; a wider stroke that ends at them is a pen's
LINE_WIDTHS = 2.5  # times the widest erased line; smaller pieces beside it are debris, too
ROUNDS = 3  # of looking for lines: what is erased in one uncovers more
# Shares of the page:
PAGE_LINE_WIDTH = 0.03  # of its shorter side: widest line that crosses the page
ACROSS = 0.6  # of its width: length of a level line that is no stroke
LEVEL = 0.2  # sine up to which a line is level, or upright
GRID = 3  # upright lines that cross the page: a grid


# Bounds, within which any page is read in about a second:
LARGE = 96  # pixels; a page with higher writing is shrunk
SHRUNK = 48  # pixels that the writing's height is shrunk to, at least
MAX_INK = 300_000  # pixels of ink
MAX_MARKS = 3_000  # components that are no dust
LEGIBLE, MAX_SPECKS = 7, 100  # pixels of the writing's height; on a page with lower writing, so many marks are noise
DUST = 4  # pixels; smaller components are dust, if the writing is not as small
CROWDED = "There are too many marks on the page to read numbers among them. Send the part of it that shows the numbers."


class PageInk(NamedTuple):
    """The ink on a page, or on the sheet that it shows.

    ink: float32 (H, W), 0 paper to 255 full ink; mask: bool (H, W), where it is solid and no printed line; height: of
    the writing, in pixels; top, left: where these pixels begin on the page; scale: pixels of the page for each of them.
    """

    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]
    height: float
    top: float
    left: float
    scale: float = 1.0

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
    if found.height > LARGE:
        factor = int(found.height // SHRUNK)
        size = (max(1, gray.shape[1] // factor), max(1, gray.shape[0] // factor))
        found = ink_of_sheet(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))
    return found._replace(top=top, left=left, scale=len(gray) / len(found.ink))


def ink_of_sheet(gray: NDArray[np.uint8]) -> PageInk:
    """Find the ink on a sheet uint8 (H, W) that fills the page. Raises BlankImage or CrowdedPage."""
    background = background_of(gray)
    difference = gray - background.level
    ink = reflectance_of(difference, background)
    strength = full_strength(ink)
    if strength < MIN_CONTRAST:
        raise BlankImage(NO_CONTRAST)
    paler = -difference if not background.is_light else difference  # than paper: by noise alone
    noise = noise_of(np.maximum(paler, 0)) if paler.size else 0.0
    mask = ink > max(SOLID_SHARE * strength, NOISE_FACTOR * noise)
    if not mask.any():
        raise BlankImage(TOO_GRAINY)
    mask, height = without_dust(mask)
    if np.count_nonzero(mask) <= MAX_INK:  # else the writing is large: the lines are looked for when it is shrunk
        mask, height = without_printed_lines(mask, ink)
        if not mask.any():
            raise BlankImage(ONLY_LINES)
    ink *= 255 / strength
    return PageInk(np.minimum(ink, 255, out=ink), mask, height, 0, 0)


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
    result: NDArray[np.bool_] = np.append(False, kept)[parts.labels]
    return result, height


def writing_height(parts: Components, shape: tuple[int, ...]) -> float:
    """The height, in pixels, of most of the writing on a page (H, W), by the area of its components."""
    slender = parts.longer > SLENDER * np.minimum(parts.width, parts.height)
    frames = (parts.width > TOO_LARGE * shape[1]) & (parts.height > TOO_LARGE * shape[0])
    for counted in (~slender & ~frames & (parts.height >= MIN_HEIGHT), ~slender, parts.area > 0):
        if parts.area[counted].sum() > FEW * parts.area.sum():
            break
    heights, areas = parts.height[counted], parts.area[counted]
    order = np.argsort(heights)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    return float(heights[order][half])


def without_printed_lines(mask: NDArray[np.bool_], ink: NDArray[np.float32]) -> tuple[NDArray[np.bool_], float]:
    """The mask bool (H, W) without printed lines and their debris, and the writing's height in pixels."""
    if not mask.any():
        return mask, 0.0
    known = lines_across(mask)
    erased = np.zeros(mask.shape, bool)
    for line in known:
        erase(line, erased, ink)
    rest = mask & ~erased
    if not rest.any():
        return rest, 0.0
    height, stroke = writing_height(components_of(rest), mask.shape), stroke_width(rest)
    for _ in range(ROUNDS):
        lines = find_lines(rest, LINE_WIDTH / REACH, REACH * height)
        found = [line for line in lines if is_printed(line, [*lines, *known], known, height, stroke)]
        if not found:
            break
        for line in found:
            erase(line, erased, ink)
        known += found
        rest = mask & ~erased
        if rest.any():
            height = writing_height(components_of(rest), mask.shape)
    if not known:
        return mask, height
    widest = max(line.width for line in known)
    return without_debris(rest, erased, max(DEBRIS * height, LINE_WIDTHS * widest)), height


def erase(line: Line, erased: NDArray[np.bool_], ink: NDArray[np.float32]) -> None:
    """Mark a line's pixels in bool (H, W), but none whose ink, in float32 (H, W), is much stronger: a stroke's."""
    strength = ink[line.rows, line.columns]
    mine = strength <= STRONGER * float(np.percentile(strength, TYPICAL)) if len(strength) else np.zeros(0, bool)
    erased[line.rows[mine], line.columns[mine]] = True


def lines_across(mask: NDArray[np.bool_]) -> list[Line]:
    """The lines in bool (H, W) that are printed by their length on the page alone: rules, and the lines of a grid."""
    lines = find_lines(mask, PAGE_LINE_WIDTH)
    level = [line for line in lines if abs(line.direction[1]) < LEVEL and line.length >= ACROSS * mask.shape[1]]
    upright = [line for line in lines if abs(line.direction[0]) < LEVEL and all(line.reaches_border)]
    return level + (upright if len(upright) >= GRID else [])


def is_printed(line: Line, lines: list[Line], known: list[Line], height: float, stroke: float) -> bool:
    """Whether a line is no stroke: it is much longer than the writing is high, and thin or crosses the page; or part of
    a frame. Both ends of such a part are corners, or lie on lines that are known to be printed and about as wide.

    stroke: width of the writing's strokes, in pixels.
    """
    if line.length >= LONG_LINE * height and (all(line.reaches_border) or line.width <= THINNER * stroke):
        return True
    others = [other for other in lines if other is not line]
    near = MEETING * height
    if all(is_corner(end, line, others, near) for end in (line.first, line.last)):
        return True
    thin = [rule for rule in known if line.width <= PEN * rule.width]
    return all(any(crosses(end, rule, near) for rule in thin) for end in (line.first, line.last))


def without_debris(mask: NDArray[np.bool_], erased: NDArray[np.bool_], size: float) -> NDArray[np.bool_]:
    """The mask bool (H, W) without pieces beside what was erased that are shorter than `size` pixels."""
    parts = components_of(mask)
    beside = np.bincount(parts.labels[dilated(erased, BESIDE)], minlength=len(parts.area) + 1)[1:] > 0
    kept = ~(beside & (parts.longer < size))
    result: NDArray[np.bool_] = np.append(False, kept)[parts.labels]
    return result
