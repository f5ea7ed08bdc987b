"""Find the printed lines among the ink of numbers: ruled paper, a base line, boxes, a grid.

For a single digit, model/preprocessing/structure.py tells which lines are structure, by where they end on the page,
which the digit fills. Here they are told by their length, against the writing's height, and by their ends.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.components import Components, components_of, stroke_width
from model.preprocessing.lines import Line, find_lines
from model.preprocessing.structure import crosses, is_corner

MIN_HEIGHT = 5  # pixels of a component that counts for the writing's height
SLENDER = 6.0  # longer over shorter side; such a component may be a line, and does not count either
TOO_LARGE = 0.9  # of both sides of the page; so large a component is a frame
ENCLOSED = 0.3  # of a component's height; if another of that height lies within its box, it is a frame
MAX_FRAMES = 200  # components that may be one: the highest
FEW = 0.3  # of the ink; if less is writing, then the frames are
# Shares of the writing's height:
REACH = 3.2  # what stands for the page's shorter side when lines are looked for
LINE_WIDTH = 0.25  # widest line
LONG_LINE = 3.0  # so long a line is no stroke
MEETING = 0.15  # lines whose ends are nearer to each other meet
DEBRIS = 0.3  # what touches an erased line and is smaller is debris of it
TYPICAL, STRONGER = 90, 1.2  # percentile of the ink along a line, and times it; stronger ink is a stroke's
THINNER = 0.75  # times the writing's strokes: width of a long line within the page
PEN = 1.4  # times the width of printed lines, and a pixel: a wider stroke that ends at them is a pen's
RUN, MIN_RUN = 1.0, 4  # length of a level or upright run of ink that may be a line, and in pixels
MAX_RUNS = 200  # that are looked at: the longest
LINE_WIDTHS = 2.5  # times the widest erased line; smaller pieces beside it are debris, too
ROUNDS = 4  # of looking for lines: what is erased in one uncovers more
# Shares of the page:
PAGE_LINE_WIDTH = 0.03  # of its shorter side: widest line that crosses the page
ACROSS = 0.6  # of its width: length of a level line that begins at its border and is no stroke
LEVEL = 0.2  # sine up to which a line is level, or upright
GRID = 3  # upright lines that cross the page: a grid

NO_LINES = np.zeros((0, 2, 2))


def without_printed_lines(
    solid: NDArray[np.bool_], faint: NDArray[np.bool_], ink: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], float, NDArray[np.float64]]:
    """The solid ink, bool (H, W), without printed lines and their debris, the writing's height in pixels, the uprights.

    These are the upright ones among those lines, as `uprights_of` tells.
    faint: bool (H, W), where there is ink at all; a line may be paler than strokes; ink: float32 (H, W).
    """
    erased = np.zeros(solid.shape, bool)
    known: list[Line] = []
    found = lines_across(faint)
    for rounds_left in reversed(range(ROUNDS + 1)):
        for line in found:
            erase(line, erased, ink)
        known += found
        rest = solid & ~erased
        if not rest.any():
            return rest, 0.0, NO_LINES
        parts = components_of(rest)
        height = writing_height(parts, rest.shape)
        found = lines_among(faint & ~erased, known, height, stroke_width(rest)) if rounds_left else []
        if not found:
            break
    widest = max((line.width for line in known), default=0.0)
    is_debris = parts.beside(erased) & (parts.longer < max(DEBRIS * height, LINE_WIDTHS * widest))
    return parts.mask_of(~is_debris), height, uprights_of(known)


def lines_across(mask: NDArray[np.bool_]) -> list[Line]:
    """The lines in bool (H, W) that are printed by their length on the page alone: rules, and the lines of a grid."""
    lines = find_lines(mask, PAGE_LINE_WIDTH)
    at_border = [line for line in lines if any(line.reaches_border)]
    level = [line for line in at_border if abs(line.direction[1]) < LEVEL and line.length >= ACROSS * mask.shape[1]]
    upright = [line for line in at_border if abs(line.direction[0]) < LEVEL and all(line.reaches_border)]
    return level + (upright if len(upright) >= GRID else [])


def uprights_of(lines: list[Line]) -> NDArray[np.float64]:
    """The ends of the upright ones among lines: float (U, 2, 2), of each the upper and the lower end, x and y."""
    ends = np.array([(line.first, line.last) for line in lines]).reshape(-1, 2, 2)
    ends = np.where((ends[:, 0, 1] > ends[:, 1, 1])[:, None, None], ends[:, ::-1], ends)
    across, down = (ends[:, 1] - ends[:, 0]).T
    upright: NDArray[np.float64] = ends[np.abs(across) < LEVEL * np.hypot(across, down)]
    return upright


def lines_among(mask: NDArray[np.bool_], known: list[Line], height: float, stroke: float) -> list[Line]:
    """The printed lines in bool (H, W) beside those that are known. height, stroke: as in `is_printed`."""
    runs = straight_runs(mask, max(MIN_RUN, round(RUN * height)))
    lines = find_lines(mask, LINE_WIDTH / REACH, REACH * height, runs)
    every = [*lines, *known]
    return [line for line in lines if is_printed(line, every, known, height, stroke)]


def straight_runs(mask: NDArray[np.bool_], length: int) -> NDArray[np.float64]:
    """The level and upright runs of ink in bool (H, W) that are at least so many pixels long: segments (N, 2, 2), x, y.

    The transform by which lines are found misses some of many short ones, as the sides of boxes are. There are at
    most MAX_RUNS.
    """
    ink = mask.astype(np.uint8)
    length = length // 2 * 2 + 1  # with an even one, OpenCV moves what it keeps by a pixel
    level, upright = (
        components_of(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(kernel, np.uint8)) > 0)
        for kernel in ((1, length), (length, 1))
    )
    middle, center = (level.top + level.bottom - 1) / 2, (upright.left + upright.right - 1) / 2
    segments = np.concatenate([
        np.stack([level.left, middle, level.right - 1, middle], axis=1),
        np.stack([center, upright.top, center, upright.bottom - 1], axis=1),
    ])  # fmt: skip
    lengths = np.concatenate([level.width, upright.height])
    longest = np.sort(np.argsort(-lengths, kind="stable")[:MAX_RUNS])
    return segments[longest].reshape(-1, 2, 2).astype(np.float64)


def is_printed(line: Line, lines: list[Line], known: list[Line], height: float, stroke: float) -> bool:
    """Whether a line is much longer than the writing is high, and thin or crosses the page; or is part of a frame.

    Both ends of such a part are corners, or lie on lines that are known to be printed and about as wide. height: of
    the writing, stroke: the width of its strokes, both in pixels.
    """
    if line.length >= LONG_LINE * height and (all(line.reaches_border) or line.width <= THINNER * stroke):
        return True
    others = [other for other in lines if other is not line]
    near = MEETING * height
    if all(is_corner(end, line, others, near) for end in (line.first, line.last)):
        return True
    thin = [rule for rule in known if line.width <= PEN * rule.width + 1]
    return all(any(crosses(end, rule, near) for rule in thin) for end in (line.first, line.last))


def erase(line: Line, erased: NDArray[np.bool_], ink: NDArray[np.float32]) -> None:
    """Mark a line's pixels in bool (H, W), but none whose ink, in float32 (H, W), is much stronger: a stroke's."""
    if not len(line.rows):
        return
    strength = ink[line.rows, line.columns]
    mine = strength <= STRONGER * float(np.percentile(strength, TYPICAL))
    erased[line.rows[mine], line.columns[mine]] = True


def writing_height(parts: Components, shape: tuple[int, ...]) -> float:
    """The height, in pixels, of most of the writing on a page (H, W), by the area of its components."""
    slender = parts.longer > SLENDER * np.minimum(parts.width, parts.height)
    frames = (parts.width > TOO_LARGE * shape[1]) & (parts.height > TOO_LARGE * shape[0]) | are_around(parts)
    for counted in (~slender & ~frames & (parts.height >= MIN_HEIGHT), ~slender, parts.area > 0):
        if parts.area[counted].sum() > FEW * parts.area.sum():
            break
    heights, areas = parts.height[counted], parts.area[counted]
    order = np.argsort(heights)
    half = np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)
    return float(heights[order][half])


def are_around(parts: Components) -> NDArray[np.bool_]:
    """Which components have another within their box, of at least ENCLOSED of their height: bool (P,)."""
    result = np.zeros(len(parts.area), bool)
    tall = np.argsort(-parts.height)[:MAX_FRAMES]
    for index in tall.tolist():
        result[index] = (parts.within(index) & (parts.height >= ENCLOSED * parts.height[index])).any()
    return result
