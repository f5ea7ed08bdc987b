"""Cut a line of writing into primitives, and join neighbouring ones to pieces: candidates for digits.

Heuristic over-segmentation, as in LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, section VII: cut too often rather than too rarely, and let the network judge every piece. A
component of the ink is cut along the seams that seams.py finds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.numbers.ink import CROWDED
from model.numbers.seams import Seam, seams_of
from model.numbers.text_lines import TextLine
from model.preprocessing.centering import center_ink
from model.preprocessing.components import Components, components_of
from model.preprocessing.errors import CrowdedPage

# Shares of the writing's height:
DIGIT_WIDTH = 0.95  # a wider component is cut though it looks like a digit
CUT_WIDTH = 0.45  # a component must be as wide to be cut
FLAT = 0.3  # so low a component, a dash, is not cut
PIECE_WIDTH = 1.6  # widest piece
PIECE_GAP = 0.35  # widest gap within a piece
DUST = 0.012  # of the height's square: area of a smaller component

MAX_JOINED = 8  # primitives in a piece
MAX_PIECES = 2_000  # on a page


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
