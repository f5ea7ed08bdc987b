"""Cut a line of writing into primitives, and join neighbouring ones to pieces: candidates for digits.

Heuristic over-segmentation, as in LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, section VII: cut too often rather than too rarely, and let the network judge every piece. A
component of the ink is cut along seams, paths from top to bottom that cross little ink (Avidan and Shamir, "Seam
Carving for Content-Aware Image Resizing", 2007). A seam may run down between two slanting digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from model.numbers.ink import CROWDED
from model.numbers.text_lines import TextLine
from model.preprocessing.centering import center_ink
from model.preprocessing.components import Components, components_of
from model.preprocessing.errors import CrowdedPage

# Shares of the writing's height:
DIGIT_WIDTH = 0.95  # a wider component is cut though it looks like a digit
CUT_WIDTH = 0.45  # a component must be as wide to be cut
FLAT = 0.3  # so low a component, a dash, is not cut
MAX_CUT = 0.75  # ink that a seam may cross
MIN_SLICE = 0.1  # between two seams in one row
WAIST_REACH, WAIST = 0.25, 0.8  # how near a waist the ink must be higher; its height over that, at most
SAME = 0.06  # on average, between two seams
PIECE_WIDTH = 1.6  # widest piece
PIECE_GAP = 0.35  # widest gap within a piece
DUST = 0.012  # of the height's square: area of a smaller component
MAX_JOINED = 8  # primitives in a piece
SIDEWAYS = (0.1, 0.4)  # of full ink; the cost of each sidestep of a seam: winding ones, and straighter ones
WAYPOINTS = (0.33, 0.67)  # shares of its height; the rows in which seams are looked for


MAX_PIECES = 2_000  # on a page
WALL = np.float32(1e6)  # cost of a place between two components


class Primitives(NamedTuple):
    """The K primitives of a line from left to right.

    labels: int32 (h, w), 1 to K, 0 elsewhere; boxes: int (K, 4), left, top, right and bottom, the last two exclusive;
    cut: float (K,), the ink that the seam before each crosses, relative to the writing's height, 0 where it begins a
    component.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.intp]
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


def none_clear(digits: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """No component is so clear that it is not cut."""
    return np.zeros(len(digits), bool)


def primitives_of(
    line: TextLine, clear: Callable[[list[NDArray[np.uint8]]], NDArray[np.bool_]] = none_clear
) -> Primitives:
    """Cut the line.

    clear: tells of components placed as digits, each uint8 (32, 32), which are so clearly a digit that they are not
    cut: bool (N,).
    """
    parts = components_of(line.mask)
    indices = np.flatnonzero(parts.area >= DUST * line.height**2)
    masks = [mask_of(parts, int(index)) for index in indices]
    tops, lefts = parts.top[indices].tolist(), parts.left[indices].tolist()
    inks: list[NDArray[np.float32]] = [
        line.ink[top : top + len(mask), left : left + mask.shape[1]] * mask
        for mask, top, left in zip(masks, tops, lefts, strict=True)
    ]
    uncut = ~cuttable(masks, line.height)
    narrow = [i for i in np.flatnonzero(~uncut).tolist() if masks[i].shape[1] <= DIGIT_WIDTH * line.height]
    if narrow:
        uncut[narrow] = clear([center_ink(inks[i]) for i in narrow])
    seams: list[list[Seam]] = [[] for _ in masks]
    wide = np.flatnonzero(~uncut).tolist()
    for i, found in zip(wide, seams_of([inks[i] / np.float32(255) for i in wide], line.height), strict=True):
        seams[i] = found
    slices = [
        Slice(mask, top, left, cut)
        for whole, top, left, cuts in zip(masks, tops, lefts, seams, strict=True)
        for mask, cut in slices_of(whole, cuts, line.height)
    ]
    return numbered(slices, line)


class Slice(NamedTuple):
    """A primitive without its number: its mask, bool (h, w), where that begins on the line, and `Primitives.cut`."""

    mask: NDArray[np.bool_]
    top: int
    left: int
    cut: float

    @property
    def middle(self) -> float:
        """Its middle column."""
        columns = np.flatnonzero(self.mask.any(axis=0))
        return self.left + float(columns[0] + columns[-1] + 1) / 2


def mask_of(parts: Components, index: int) -> NDArray[np.bool_]:
    """A component's mask within its box: bool (h, w)."""
    rows, columns = slice(parts.top[index], parts.bottom[index]), slice(parts.left[index], parts.right[index])
    mask: NDArray[np.bool_] = parts.labels[rows, columns] == index + 1
    return mask


def cuttable(masks: Sequence[NDArray[np.bool_]], height: float) -> NDArray[np.bool_]:
    """Which components are wide and high enough to hold more than one digit: bool (N,)."""
    shapes = np.array([mask.shape for mask in masks]).reshape(-1, 2)
    result: NDArray[np.bool_] = (shapes[:, 1] >= CUT_WIDTH * height) & (shapes[:, 0] >= FLAT * height)
    return result


def numbered(slices: list[Slice], line: TextLine) -> Primitives:
    """The primitives on their line, in the order of their middles."""
    labels = np.zeros(line.mask.shape, np.int32)
    boxes = []
    ordered = sorted(slices, key=lambda one: one.middle)
    for number, (mask, top, left, _) in enumerate(ordered, start=1):
        labels[top : top + mask.shape[0], left : left + mask.shape[1]][mask] = number
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        boxes.append((left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1))
    return Primitives(labels, np.array(boxes, np.intp).reshape(-1, 4), np.array([one.cut for one in ordered]))


def slices_of(mask: NDArray[np.bool_], seams: list[Seam], height: float) -> list[tuple[NDArray[np.bool_], float]]:
    """Cut one component, bool (h, w), along seams: masks bool (h, w) from left to right, and the ink of each cut."""
    columns = np.arange(mask.shape[1])
    least = DUST * height**2
    slices: list[tuple[NDArray[np.bool_], float]] = []
    rest, cut = mask, 0.0
    for seam in seams:
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


def seams_of(inks: Sequence[NDArray[np.float32]], height: float) -> list[list[Seam]]:
    """The cheapest seams through each component's ink, float32 (h, w), 0–1, from left to right.

    Each is the cheapest of all that pass one place of a row, and cheaper there than those to its left and right. None
    is near another, or crosses it.
    """
    if not inks:
        return []
    strip, lefts = side_by_side(inks)
    costs, steps = cheapest(strip)
    return [
        apart(waists_of(ink, height) + [
            seam
            for way in range(len(SIDEWAYS))
            for seam in seams_in(ink, costs[:, way, :, left : left + ink.shape[1]], steps[:, way], left, height)
        ], SAME * height)
        for ink, left in zip(inks, lefts, strict=True)
    ]  # fmt: skip


def side_by_side(inks: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], list[int]]:
    """Components, each float32 (h, w), in one strip with walls between that no seam crosses; and where each begins."""
    strip = np.full((max(map(len, inks)), sum(ink.shape[1] + 1 for ink in inks) + 1), WALL, np.float32)
    lefts, left = [], 1
    for ink in inks:
        strip[:, left : left + ink.shape[1]] = 0
        strip[: len(ink), left : left + ink.shape[1]] = ink
        lefts.append(left)
        left += ink.shape[1] + 1
    return strip, lefts


def seams_in(
    ink: NDArray[np.float32], costs: NDArray[np.float32], steps: NDArray[np.int8], left: int, height: float
) -> list[Seam]:
    """The seams through one component, float32 (h, w), that are cheapest where they pass one of WAYPOINTS.

    costs: (2, rows, w), of the cheapest path from above and from below to each place; steps: (2, rows, columns), that
    led there, on the strip on which the component begins at column `left`.
    """
    rows, inner = np.arange(len(ink)), max(1, round(MIN_SLICE * height))
    found = []
    for share in WAYPOINTS:
        row = int(len(ink) * share)
        below = costs.shape[1] - 1 - row
        through = costs[0, row] + costs[1, below] - ink[row]
        for place in minima(through, inner):
            if not inner <= place < ink.shape[1] - inner:
                continue
            up, down = followed(steps[0], row, left + place), followed(steps[1], below, left + place)
            path = np.concatenate([up[::-1], down[1:]])[: len(ink)] - left
            cost = float(ink[rows, path].sum())
            if cost <= MAX_CUT * height:
                found.append(Seam(path, cost))
    return found


def waists_of(ink: NDArray[np.float32], height: float) -> list[Seam]:
    """Upright seams where one component's ink, float32 (h, w), is least high from its top to its bottom.

    There, two rounded digits meet that share a stroke. No cheap path leads through it.
    """
    solid = ink > 0.5
    tops = np.where(solid.any(axis=0), solid.argmax(axis=0), len(ink))
    bottoms = np.where(solid.any(axis=0), len(ink) - solid[::-1].argmax(axis=0), 0)
    extent = np.maximum(bottoms - tops, 0).astype(np.float32)
    inner = max(1, round(WAIST_REACH * height))
    found = []
    for place in minima(extent, inner):
        around = min(
            extent[max(0, place - inner) : place].max(initial=0), extent[place + 1 : place + 1 + inner].max(initial=0)
        )
        cost = float(ink[:, place].sum())
        if extent[place] <= WAIST * around and cost <= MAX_CUT * height:
            found.append(Seam(np.full(len(ink), place, np.intp), cost))
    return found


def apart(seams: list[Seam], distance: float) -> list[Seam]:
    """The cheapest of the seams that are neither near each other nor cross, from left to right."""
    kept: list[Seam] = []
    for seam in sorted(seams, key=lambda seam: seam.cost):
        if all(are_apart(seam.path, other.path, distance) for other in kept):
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


def cheapest(strip: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """The cheapest paths from the top of a strip (h, w) to each place, and from its bottom, for each of SIDEWAYS.

    Returns their costs float32 (2, SIDEWAYS, h, w), the second from below and so upside down, and int8 (2, SIDEWAYS, h,
    w), the step, -1, 0 or 1, that led to each place.
    """
    height, width = strip.shape
    both = np.stack([strip, strip[::-1]])[:, None]
    costs = np.repeat(both, len(SIDEWAYS), axis=1)
    steps = np.zeros(costs.shape, np.int8)
    sideways = np.array(SIDEWAYS, np.float32)[:, None]
    best = np.empty((2, len(SIDEWAYS), width - 2), np.float32)
    for row in range(1, height):
        above = costs[:, :, row - 1]
        from_left, from_right = above[:, :, :-2] + sideways, above[:, :, 2:] + sideways
        np.minimum(from_left, from_right, out=best)
        step = steps[:, :, row, 1:-1]
        np.subtract(from_right < from_left, from_left <= from_right, out=step, dtype=np.int8)
        straight = above[:, :, 1:-1]
        step[straight <= best] = 0
        np.minimum(best, straight, out=best)
        costs[:, :, row, 1:-1] += best
    return costs, steps


def followed(steps: NDArray[np.int8], row: int, column: int) -> NDArray[np.intp]:
    """The columns of the path that leads to a place, from there back to the first row."""
    path = np.empty(row + 1, np.intp)
    for index in range(row + 1):
        path[index] = column
        column += int(steps[row - index, column])
    return path


def pieces_of(line: TextLine, primitives: Primitives, most: int = MAX_PIECES) -> list[Piece]:
    """All candidates on the line: runs of neighbouring primitives that are not too wide and have no wide gap.

    Raises CrowdedPage if there are more than `most`.
    """
    runs = runs_of(primitives, line.height)
    if len(runs) > most:
        raise CrowdedPage(CROWDED)
    labels = with_soft_edges(primitives.labels, line.ink)
    pieces = []
    for first, last, gap in runs:
        left, top = primitives.boxes[first:last, :2].min(axis=0).tolist()
        right, bottom = primitives.boxes[first:last, 2:].max(axis=0).tolist()
        window = (slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1))
        inside = (labels[window] > first) & (labels[window] <= last)
        pixels = center_ink(np.where(inside, line.ink[window], np.float32(0)))
        pieces.append(Piece(first, last, (left, top, right, bottom), gap, pixels))
    return pieces


def runs_of(primitives: Primitives, height: float) -> list[tuple[int, int, float]]:
    """First and last primitive, the last exclusive, of each candidate, and its widest gap over the writing's height."""
    boxes = primitives.boxes.tolist()
    runs = []
    for first, (left, _, right, _) in enumerate(boxes):
        gap = 0.0
        for last in range(first, min(first + MAX_JOINED, len(boxes))):
            gap = max(gap, (boxes[last][0] - right) / height)
            left, right = min(left, boxes[last][0]), max(right, boxes[last][2])
            if gap > PIECE_GAP or (last > first and right - left > PIECE_WIDTH * height):
                break
            runs.append((first, last + 1, gap))
    return runs


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
