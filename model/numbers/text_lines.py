"""Group the ink's components into lines of writing.

Components of a digit's size follow each other from left to right: the nearest on either side of each that lies about
as high is its neighbour. So a line may rise or fall, as on a photo. Smaller marks join the line beside which they lie.
Lines far apart but side by side, as the columns of a table, are one row of the page.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from model.numbers.ink import CROWDED, PageInk
from model.preprocessing.components import Components, components_of, dilated, stroke_width
from model.preprocessing.errors import CrowdedPage

# Shares of the writing's height:
BODY = 0.4  # a component that is at least as high may be a digit
REACH = 4.0  # farther apart, components are of two lines
MARK_REACH = 0.5  # a mark may lie so far above or below its line
SPECK = 0.06  # what is neither as wide nor as high is dust
OVERLAP = 0.35  # of the lower of two neighbours' heights, at least, by which they lie side by side
SOLID_INK = 95  # of 255; weaker pixels of a line's picture are the soft edges of strokes
HEIGHT = 32  # pixels that the writing's height becomes on a line's picture
MAX_ENLARGEMENT = 4.0
THINNEST = 1.5  # pixels of a stroke there, at least
MAX_EXTENT = 32_000  # pixels of a line's picture, width and height together: OpenCV shears no larger one
MAX_BODIES = 500  # components on a page that may be digits
DOUBT = 0.1  # share of the sharpness that a slant of 1 must gain
NO_WALLS = np.zeros(0)
SLANTS = tuple(step / 10 for step in range(-4, 11))  # columns to the right for each row upwards


class TextLine(NamedTuple):
    """One line of writing, upright, and at a scale at which it is about HEIGHT pixels high.

    ink: float32 (h, w), 0–255; mask: bool (h, w), its solid ink; height: of its writing, in pixels; top, left: where it
    begins on the page's ink, in pixels of that; scale: pixels of this picture for each of them; shifts: float (h,), the
    pixels by which each row of pixels was moved to the right to make the writing upright; row: of the page, counted
    from above, in which it lies; walls: float (W,), the columns, from left to right, in which printed upright lines
    cross its middle row.
    """

    ink: NDArray[np.float32]
    mask: NDArray[np.bool_]
    height: float
    top: int
    left: int
    scale: float
    shifts: NDArray[np.float64]
    row: int = 0
    walls: NDArray[np.float64] = NO_WALLS


def find_text_lines(page: PageInk) -> list[TextLine]:
    """The lines of writing on a page: its rows from top to bottom, each from left to right. Raises CrowdedPage."""
    parts = components_of(page.mask)
    if np.count_nonzero(parts.height >= BODY * page.height) > MAX_BODIES:
        raise CrowdedPage(CROWDED)
    line_of = lines_of_parts(parts, page.height)
    lines = [np.flatnonzero(line_of == index) for index in range(int(line_of.max(initial=-1)) + 1)]
    return [
        picture_of(page, parts, lines[index], number)
        for number, row in enumerate(rows_of_lines(parts, lines, page.height))
        for index in row
    ]


def lines_of_parts(parts: Components, height: float) -> NDArray[np.intp]:
    """The number of the line to which each of P components belongs: int (P,), -1 for dust."""
    bodies = np.flatnonzero(parts.height >= BODY * height)
    line_of = np.full(len(parts.area), -1, np.intp)
    if not len(bodies):
        return line_of
    line_of[bodies] = lines_of_bodies(parts, bodies, height)
    for mark in np.flatnonzero((parts.height < BODY * height) & (parts.longer >= SPECK * height)):
        across = np.maximum(parts.left[bodies] - parts.right[mark], parts.left[mark] - parts.right[bodies]).clip(min=0)
        down = np.maximum(parts.top[bodies] - parts.bottom[mark], parts.top[mark] - parts.bottom[bodies]).clip(min=0)
        near = (down <= MARK_REACH * height) & (across <= REACH * height)
        if near.any():
            line_of[mark] = line_of[bodies[int(np.argmin(np.where(near, across + 2 * down, np.inf)))]]
    return line_of


def lines_of_bodies(parts: Components, bodies: NDArray[np.intp], height: float) -> NDArray[np.intp]:
    """The number of the line, from 0 on, to which each of B components of a digit's size belongs: int (B,)."""
    root = list(range(len(bodies)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    left, right, top, bottom = (side[bodies] for side in (parts.left, parts.right, parts.top, parts.bottom))
    middle = (left + right) / 2
    for i in range(len(bodies)):
        shared = np.minimum(bottom, bottom[i]) - np.maximum(top, top[i])
        level = shared >= OVERLAP * np.minimum(bottom - top, bottom[i] - top[i])
        after = level & (middle > middle[i]) & (left - right[i] <= REACH * height)
        before = level & (middle < middle[i]) & (left[i] - right <= REACH * height)
        if after.any():
            root[find(int(np.argmin(np.where(after, middle, np.inf))))] = find(i)
        if before.any():  # a large comma may be the last one's nearest
            root[find(int(np.argmax(np.where(before, middle, -np.inf))))] = find(i)
    _, numbers = np.unique([find(i) for i in range(len(bodies))], return_inverse=True)
    return numbers


def rows_of_lines(parts: Components, lines: list[NDArray[np.intp]], height: float) -> list[list[int]]:
    """The page's rows, from top to bottom: in each, the numbers of its lines from left to right.

    lines: the components of each. Two lines follow each other if the last digit of one and the first of the other lie
    about as high, and no other line is nearer to either.
    """
    ends = []
    for members in lines:
        bodies = members[parts.height[members] >= BODY * height]
        ends.append((bodies[np.argmin(parts.left[bodies])], bodies[np.argmax(parts.right[bodies])]))
    first, last = np.array(ends, np.intp).reshape(-1, 2).T
    shared = np.minimum.outer(parts.bottom[last], parts.bottom[first])
    shared -= np.maximum.outer(parts.top[last], parts.top[first])
    distance = parts.left[first] - parts.right[last][:, None]  # (lines, lines), from each to each
    is_level = shared >= OVERLAP * np.minimum.outer(parts.height[last], parts.height[first])
    distance = np.where(is_level & (distance >= 0), distance.astype(np.float64), np.inf)
    follower = {
        before: after
        for before, row in enumerate(distance)
        if np.isfinite(row).any() and int(np.argmin(distance[:, after := int(np.argmin(row))])) == before
    }
    rows = []
    for start in sorted(set(range(len(lines))) - set(follower.values())):
        row = [start]
        while row[-1] in follower:
            row.append(follower[row[-1]])
        rows.append(row)
    middle = [float((parts.top[members].min() + parts.bottom[members].max()) / 2) for members in lines]
    return sorted(rows, key=lambda row: sum(middle[index] for index in row) / len(row))


def picture_of(page: PageInk, parts: Components, members: NDArray[np.intp], row: int) -> TextLine:
    """The picture of the line, in a row of the page, that consists of these components, without other ink."""
    top, bottom = max(int(parts.top[members].min()) - 1, 0), int(parts.bottom[members].max()) + 1
    left, right = max(int(parts.left[members].min()) - 1, 0), int(parts.right[members].max()) + 1
    chosen = np.zeros(len(parts.area) + 1, bool)
    chosen[members + 1] = True
    labels = parts.labels[top:bottom, left:right]
    mine = chosen[labels]
    ink = np.where(mine | (dilated(mine, 1) & (labels == 0)), page.ink[top:bottom, left:right], np.float32(0))
    heights = parts.height[members]
    bodies = heights[heights >= BODY * page.height]
    height = float(np.median(bodies))
    scale = min(HEIGHT / height, MAX_ENLARGEMENT, MAX_EXTENT / sum(ink.shape))
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    wider = int(np.ceil(THINNEST / scale - stroke_width(mine))) if scale < 1 else 0
    if wider > 0:  # thin strokes survive shrinking
        ink = cv2.dilate(ink, np.ones((1 + wider, 1 + wider), np.uint8))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    ink = np.maximum(cv2.resize(ink, size, interpolation=method), 0)
    solid = ink > SOLID_INK
    shifts = shifts_of(solid)
    walls = (walls_at(page.uprights, (top + bottom) / 2) - left) * scale + shifts[len(shifts) // 2]
    return TextLine(
        np.minimum(shifted(ink, shifts), 255), shifted(solid.astype(np.float32), shifts) > 0.5, height * scale, top,
        left, scale, shifts, row, walls,
    )  # fmt: skip


def walls_at(uprights: NDArray[np.float64], row: float) -> NDArray[np.float64]:
    """The columns in which upright lines, float (U, 2, 2), as in `PageInk`, cross a row: float (W,), in order."""
    (left, top), (right, bottom) = uprights.transpose(1, 2, 0)
    crossing = (top <= row) & (row <= bottom)
    columns: NDArray[np.float64] = left + (row - top) * (right - left) / (bottom - top)
    return np.sort(columns[crossing])


def shifts_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By how many pixels each row of slanted writing, bool (h, w), must move to the right to be upright: float (h,).

    Of the slants tried, the one at which the columns of ink are highest: upright strokes fill few columns.
    """
    small = mask.astype(np.float32)
    rows = np.arange(len(mask), dtype=np.float64)
    sharpness = [
        (1 - DOUBT * abs(slant)) * float((shifted(small, slant * rows).sum(axis=0) ** 2).sum()) for slant in SLANTS
    ]
    shifts: NDArray[np.float64] = SLANTS[int(np.argmax(sharpness))] * rows
    return shifts - min(0.0, float(shifts[-1]))


def shifted(picture: NDArray[np.float32], shifts: NDArray[np.float64]) -> NDArray[np.float32]:
    """The picture float32 (h, w) with each row moved to the right by `shifts`, float (h,), which rise or fall evenly.

    The result, float32, is wider by the widest shift.
    """
    slant = float(shifts[-1] - shifts[0]) / max(1, len(shifts) - 1)
    if not slant:
        return picture
    matrix = np.array([[1, slant, float(shifts[0])], [0, 1, 0]], np.float64)
    size = (picture.shape[1] + int(np.ceil(shifts.max())), picture.shape[0])
    moved: NDArray[np.float32] = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR)
    return moved
