"""Tell which of a page's lines are structure: ruled paper, a grid, a frame, an underline.

A digit's strokes end on the page. A printed line ends at the page's border, or where it meets another printed line; an
underline lies below all other ink.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.preprocessing.components import Components, components_of
from model.preprocessing.lines import MAX_WIDTH, MIN_SLENDERNESS, Line, Point, find_lines, normal_of

MEETING = 0.1  # of the page's shorter side; lines whose ends are nearer to each other meet
MUCH_WIDER = 1.6  # times the width of the other lines that cross the page: a stroke
BAND = 0.2  # of the page's shorter side; a frame's remains lie within it from the border
ATTACHED = 0.3  # of a line's length; ink that touches it and is as long is a stroke
CORNER = 0.3  # cosine up to which two lines are about perpendicular
SLENDER = 12  # length over width, at least, of a printed line that ends on the page; on a small page MIN_SLENDERNESS
LEVEL = 0.25  # sine up to which an underline is level
DOUBLE = 0.15  # of the page's shorter side; lines of a double underline are no farther from each other
BEYOND = 1.15  # times the width of the ink above it: an underline is longer
FAR_BEYOND = 1.4  # the same, if it touches that ink
SIDEWAYS = 0.03  # of its length; it reaches at least as far beyond that ink on both sides
MARGIN = 0.05  # of the page's height; so far below it, ink may be the rest of its own


def structure_of(mask: NDArray[np.bool_], max_width: float, known: Sequence[Line] = ()) -> list[Line]:
    """Which lines in a mask of ink bool (H, W) are structure. max_width: of lines, a share of the shorter side.

    known: printed lines that were erased from the mask before.
    """
    lines = find_lines(mask, max_width)
    slender = SLENDER if max_width <= MAX_WIDTH else MIN_SLENDERNESS
    level = [line for line in lines if abs(line.direction[1]) < LEVEL]
    rest = components_of(without(mask, level + [line for line in lines if any(line.reaches_border)]))
    everything = [*lines, *known]
    printed = [line for line in lines if is_printed(line, everything, mask, rest, slender)]
    return printed + [line for line in level if is_underline(line, level, mask, rest)]


def without(mask: NDArray[np.bool_], lines: list[Line]) -> NDArray[np.bool_]:
    """The mask bool (H, W) without the lines."""
    rest = mask.copy()
    for line in lines:
        rest[line.rows, line.columns] = False
    return rest


def is_printed(line: Line, lines: list[Line], mask: NDArray[np.bool_], rest: Components, slender: float) -> bool:
    """Whether a line is no stroke of a digit, by where it ends on the page bool (H, W).

    It crosses the page; or it begins at the border, and ends in the open or in a corner; or both its ends are corners.
    rest: what is left of the page without lines; slender: length over width, at least, of a line that does not cross
    the page.
    """
    near = MEETING * min(mask.shape)
    others = [other for other in lines if other is not line]
    widths = [other.width for other in others if all(other.reaches_border)]
    is_wide = bool(widths) and line.width > MUCH_WIDER * float(np.median(widths)) + 1
    if all(line.reaches_border):
        if in_band(line, mask.shape):
            return not is_stroke_of_full_page(line, rest)
        return not is_wide and not is_held(line, others, mask.shape, near)
    if line.length < slender * line.width:
        return False
    corners = [is_corner(end, line, others, near) for end in (line.first, line.last)]
    if not any(line.reaches_border):
        return all(corners)
    free = 0 if line.reaches_border[1] else 1
    if corners[free]:
        return not is_wide
    end, outwards = (line.first, -line.direction) if free == 0 else (line.last, line.direction)
    if in_band(line, mask.shape):
        return not is_stroke_of_full_page(line, rest)
    start = line.last if free == 0 else line.first
    is_alone = is_open(end, outwards, line.width, mask) and not len(attached(line, rest))
    is_thin = line.length >= SLENDER * line.width
    return is_thin and is_alone and not any(crosses(start, other, near) for other in others)


def is_stroke_of_full_page(line: Line, rest: Components) -> bool:
    """Whether a line along one side of the page bears ink that reaches the opposite side: a digit fills the page.

    So does a 7 that is cut out at its edges; its roof crosses the page.
    """
    height, width = rest.labels.shape
    strokes = attached(line, rest)
    for axis, length, first, last in ((0, width, rest.left, rest.right), (1, height, rest.top, rest.bottom)):
        place = (line.first[axis] + line.last[axis]) / 2
        if abs(line.direction[axis]) >= LEVEL or BAND * length <= place <= (1 - BAND) * length:
            continue
        return bool((last[strokes] >= length - 1).any() if place < length / 2 else (first[strokes] <= 1).any())
    return False


def attached(line: Line, rest: Components) -> NDArray[np.intp]:
    """Which components of the rest, without the lines, touch a line and are not small against it: indices, int (N,)."""
    band = np.zeros(rest.labels.shape, bool)
    band[line.rows, line.columns] = True
    return np.flatnonzero(rest.beside(band) & (rest.longer > ATTACHED * line.length))


def is_held(line: Line, others: list[Line], shape: tuple[int, ...], near: float) -> bool:
    """Whether a line has no parallel, and passes through a frame along the border: a 1 that touches the frame."""
    frame = [other for other in others if in_band(other, shape)]
    inner = [other for other in others if not in_band(other, shape)]
    parallels = [other for other in inner if abs(float(line.direction @ other.direction)) > 1 - CORNER]
    return not parallels and any(crosses(end, other, near) for end in (line.first, line.last) for other in frame)


def is_corner(end: Point, line: Line, others: list[Line], near: float) -> bool:
    """Whether a line meets another that is about perpendicular to it at this end of it and at an end of the other."""
    for other in others:
        if abs(float(line.direction @ other.direction)) > CORNER:
            continue
        across = normal_of(other.direction)
        corner = end + line.direction * float((other.first - end) @ across / (line.direction @ across))
        gaps = [float(np.hypot(*(corner - place))) for place in (end, other.first, other.last)]
        if gaps[0] <= near and min(gaps[1:]) <= near:
            return True
    return False


def is_open(end: Point, outwards: Point, width: float, mask: NDArray[np.bool_]) -> bool:
    """Whether there is no ink of bool (H, W) beyond the end of a line that is `width` pixels wide."""
    reach = round(1.5 * width) + 3
    column, row = np.rint(end + outwards * (reach + 1)).astype(np.intp)
    window = mask[max(0, row - reach) : max(0, row + reach), max(0, column - reach) : max(0, column + reach)]
    return bool(window.sum() <= 0.1 * window.size)


def in_band(line: Line, shape: tuple[int, ...]) -> bool:
    """Whether a line lies along a side of the page (H, W), within BAND of it."""
    band = BAND * min(shape)
    for axis, length in ((0, shape[1]), (1, shape[0])):
        places = (line.first[axis], line.last[axis])
        if abs(line.direction[axis]) < LEVEL and (max(places) < band or min(places) > length - band):
            return True
    return False


def crosses(point: Point, other: Line, near: float) -> bool:
    """Whether a line that begins at a point of the border passes through another line just there."""
    away = point - other.first
    position, distance = float(away @ other.direction), abs(float(away @ normal_of(other.direction)))
    return distance <= near + other.width and -near <= position <= other.length + near


def is_underline(line: Line, level: list[Line], mask: NDArray[np.bool_], rest: Components) -> bool:
    """Whether a line lies below all ink of bool (H, W) but level lines close to it, and reaches beyond that ink.

    rest: what is left of the page without lines.
    """
    left, right = sorted((line.first[0], line.last[0]))
    middle = (line.first[1] + line.last[1]) / 2
    close = [other for other in level if abs((other.first[1] + other.last[1]) / 2 - middle) <= DOUBLE * min(mask.shape)]
    ink = without(mask, close)
    below = ink[int(middle + min(3 * line.width + 2, line.width + MARGIN * len(ink))) :]
    inked = np.flatnonzero(ink[: max(0, int(middle)), max(0, int(left)) : int(right) + 1].any(axis=0))
    if len(inked) < 3 or below.sum() > 0.05 * ink.sum():
        return False
    beyond = SIDEWAYS * (right - left)
    longer = FAR_BEYOND if len(attached(line, rest)) else BEYOND  # a stroke at the foot of a 1 or 2 is short
    return bool(
        right - left >= longer * (inked[-1] - inked[0]) and beyond < inked[0] and inked[-1] < right - left - beyond
    )
