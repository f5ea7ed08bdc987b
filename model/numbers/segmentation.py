"""Cut a line of writing into primitives, and join neighbouring ones to pieces: candidates for digits.

Heuristic over-segmentation, as in LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, section VII: cut too often rather than too rarely, and let the network judge every piece. A
component of the ink is cut along seams, paths from top to bottom that cross little ink (Avidan and Shamir, "Seam
Carving for Content-Aware Image Resizing", 2007). A seam may run down between two slanting digits.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from model.numbers.text_lines import TextLine
from model.preprocessing.centering import center_ink
from model.preprocessing.components import components_of

# Shares of the writing's height:
CUT_WIDTH = 0.45  # a component must be as wide to be cut
FLAT = 0.3  # so low a component, a dash, is not cut
MAX_CUT = 0.75  # ink that a seam may cross
MIN_SLICE = 0.1  # between two seams in one row
SAME = 0.06  # on average, between two seams
PIECE_WIDTH = 1.6  # widest piece
PIECE_GAP = 0.35  # widest gap within a piece
DUST = 0.012  # of the height's square: area of a smaller component
MAX_JOINED = 8  # primitives in a piece
SIDEWAYS = (0.1, 0.4)  # of full ink; the cost of each sidestep of a seam: winding ones, and straighter ones
WAYPOINTS = (0.33, 0.67)  # shares of its height; the rows in which seams are looked for


class Primitives(NamedTuple):
    """The K primitives of a line from left to right.

    labels: int32 (h, w), 1 to K, 0 elsewhere; boxes: int (K, 4), left, top, right and bottom, the last two exclusive;
    area: int (K,), pixels; cut: float (K,), the ink that the seam before each crosses, relative to the writing's
    height, 0 where it begins a component.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.intp]
    area: NDArray[np.intp]
    cut: NDArray[np.float64]


class Piece(NamedTuple):
    """A candidate for a digit: the primitives from `first` on, `last` excluded.

    box: left, top, right and bottom on the line, the last two exclusive; gap: the widest gap within, relative to the
    writing's height; pixels: uint8 (32, 32), the network's input.
    """

    first: int
    last: int
    box: tuple[int, int, int, int]
    gap: float
    pixels: NDArray[np.uint8]


def primitives_of(line: TextLine) -> Primitives:
    """Cut the line."""
    parts = components_of(line.mask)
    pieces: list[tuple[float, NDArray[np.bool_], int, int, float]] = []  # middle, mask, its top and left, cut
    for index in range(len(parts.area)):
        if parts.area[index] < DUST * line.height**2:
            continue
        top, left = int(parts.top[index]), int(parts.left[index])
        window = (slice(top, int(parts.bottom[index])), slice(left, int(parts.right[index])))
        mask = parts.labels[window] == index + 1
        for slice_mask, cut in slices_of(mask, line.ink[window] * mask, line.height):
            columns = np.flatnonzero(slice_mask.any(axis=0))
            middle = left + (columns[0] + columns[-1] + 1) / 2
            pieces.append((middle, slice_mask, top, left, cut))
    pieces.sort(key=lambda piece: piece[0])
    labels = np.zeros(line.mask.shape, np.int32)
    boxes, areas, cuts = [], [], []
    for number, (_, mask, top, left, cut) in enumerate(pieces, start=1):
        window = labels[top : top + mask.shape[0], left : left + mask.shape[1]]
        window[mask] = number
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        boxes.append((left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1))
        areas.append(int(mask.sum()))
        cuts.append(cut)
    return Primitives(labels, np.array(boxes, np.intp).reshape(-1, 4), np.array(areas, np.intp), np.array(cuts))


def slices_of(
    mask: NDArray[np.bool_], ink: NDArray[np.float32], height: float
) -> list[tuple[NDArray[np.bool_], float]]:
    """Cut one component, bool (h, w), along its seams: masks bool (h, w) from left to right, and the ink of each cut."""
    if mask.shape[1] < CUT_WIDTH * height or mask.shape[0] < FLAT * height:
        return [(mask, 0.0)]
    columns = np.arange(mask.shape[1])
    least = DUST * height**2
    slices: list[tuple[NDArray[np.bool_], float]] = []
    rest, cut = mask, 0.0
    for seam in seams_of(ink / 255, height):
        left = rest & (columns < seam.path[:, None])
        right = rest & ~left
        if min(np.count_nonzero(left), np.count_nonzero(right)) >= least:
            slices.append((left, cut))
            rest, cut = right, seam.cost / height
    slices.append((rest, cut))
    return slices


class Seam(NamedTuple):
    """A path from top to bottom: its column in each row, int (h,), and the ink that it crosses, in pixels."""

    path: NDArray[np.intp]
    cost: float


def seams_of(ink: NDArray[np.float32], height: float) -> list[Seam]:
    """The cheapest seams through ink float32 (h, w), 0–1, from left to right.

    Each is the cheapest of all that pass one place of a row, and cheaper there than those to its left and right. None
    is near another, or crosses it.
    """
    rows, width = np.arange(len(ink)), ink.shape[1]
    inner = max(1, round(MIN_SLICE * height))
    found = []
    for sideways in SIDEWAYS:
        down, from_above = cheapest(ink, sideways)
        up, from_below = cheapest(ink[::-1], sideways)
        for share in WAYPOINTS:
            row = int(len(ink) * share)
            through = down[row] + up[len(ink) - 1 - row] - ink[row]
            for place in minima(through, inner):
                path = np.concatenate([
                    followed(from_above, row, place)[::-1], followed(from_below, len(ink) - 1 - row, place)[1:]
                ])  # fmt: skip
                cost = float(ink[rows, path].sum())
                if cost <= MAX_CUT * height and inner <= place < width - inner:
                    found.append(Seam(path, cost))
    kept: list[Seam] = []
    for seam in sorted(found, key=lambda seam: seam.cost):
        if all(are_apart(seam.path, other.path, SAME * height) for other in kept):
            kept.append(seam)
    return sorted(kept, key=lambda seam: float(seam.path.mean()))


def minima(values: NDArray[np.float32], reach: int) -> list[int]:
    """Where values (w,) are least within `reach` places, each at least that far from the one before."""
    padded = np.pad(values, reach, constant_values=np.inf)
    lowest = sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    chosen: list[int] = []
    for place in np.flatnonzero(values <= lowest).tolist():
        if not chosen or place - chosen[-1] >= reach:
            chosen.append(place)
    return chosen


def are_apart(path: NDArray[np.intp], other: NDArray[np.intp], distance: float) -> bool:
    """Whether two paths (h,) are farther apart than `distance` pixels on average, and one stays left of the other."""
    apart = path - other
    return bool(np.abs(apart).mean() > distance and (apart.min() >= -1 or apart.max() <= 1))


def cheapest(ink: NDArray[np.float32], sideways: float) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """The cost of the cheapest path from the top to each place of (h, w), and the step, -1, 0 or 1, that led there."""
    cost = np.array(ink, np.float32)
    steps = np.zeros(ink.shape, np.int8)
    beyond = np.float32(np.inf)
    for row in range(1, len(ink)):
        above = cost[row - 1]
        from_left, from_right = np.append(beyond, above[:-1]) + sideways, np.append(above[1:], beyond) + sideways
        best = np.minimum(above, np.minimum(from_left, from_right))
        steps[row] = np.where(best == above, 0, np.where(best == from_left, -1, 1))
        cost[row] += best
    return cost, steps


def followed(steps: NDArray[np.int8], row: int, column: int) -> NDArray[np.intp]:
    """The columns of the path that leads to a place, from there back to the first row."""
    path = np.empty(row + 1, np.intp)
    for index in range(row + 1):
        path[index] = column
        column += int(steps[row - index, column])
    return path


def pieces_of(line: TextLine, primitives: Primitives) -> list[Piece]:
    """All candidates on the line: runs of neighbouring primitives that are not too wide and have no wide gap."""
    labels = with_soft_edges(primitives.labels, line.ink)
    pieces = []
    boxes = primitives.boxes
    for first in range(len(boxes)):
        left, top, right, bottom = (int(edge) for edge in boxes[first])
        gap = 0
        for last in range(first, min(first + MAX_JOINED, len(boxes))):
            gap = max(gap, int(boxes[last][0]) - right)
            left, top = min(left, int(boxes[last][0])), min(top, int(boxes[last][1]))
            right, bottom = max(right, int(boxes[last][2])), max(bottom, int(boxes[last][3]))
            if gap > PIECE_GAP * line.height or (last > first and right - left > PIECE_WIDTH * line.height):
                break
            window = (slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1))
            inside = (labels[window] > first) & (labels[window] <= last + 1)
            pixels = center_ink(np.where(inside, line.ink[window], np.float32(0)))
            pieces.append(Piece(first, last + 1, (left, top, right, bottom), gap / line.height, pixels))
    return pieces


def with_soft_edges(labels: NDArray[np.int32], ink: NDArray[np.float32]) -> NDArray[np.int32]:
    """The labels (h, w), each spread by one pixel over the soft edges of its strokes."""
    padded = np.pad(labels, 1)
    height, width = labels.shape
    spread = np.max(
        [padded[down : down + height, across : across + width] for down in range(3) for across in range(3)], axis=0
    )
    return np.where(labels > 0, labels, np.where(ink > 0, spread, 0)).astype(np.int32)


def box_on_page(line: TextLine, primitives: Primitives, piece: Piece) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a piece on the page's ink, in pixels."""
    rows, columns = np.nonzero((primitives.labels > piece.first) & (primitives.labels <= piece.last))
    across = columns - line.shifts[rows]
    return (
        line.left + float(across.min()) / line.scale, line.top + float(rows.min()) / line.scale,
        line.left + float(across.max() + 1) / line.scale, line.top + float(rows.max() + 1) / line.scale,
    )  # fmt: skip
