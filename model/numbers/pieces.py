"""What lies between two cuts of a line is a piece: a candidate for a digit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.numbers.cuts import FAR, Cuts
from model.numbers.ink import CROWDED
from model.numbers.text_lines import TextLine
from model.preprocessing.centering import center_ink
from model.preprocessing.errors import CrowdedPage

# Shares of the writing's height:
WIDEST = 1.6  # piece
WIDEST_GAP = 0.35  # within a piece

MAX_APART = 64  # cuts; a piece lies between two that are no farther apart
MAX_PIECES = 2_000  # on a page
AT_ONCE = 256  # pairs of cuts


class Piece(NamedTuple):
    """A candidate for a digit: the ink between the cuts `first` and `last`.

    may_be_mark: whether it may be left out as a mark, too: it is a whole component, or no other cut divides it; box:
    left, top, right and bottom on the line, the last two exclusive; gap: the widest gap between its fragments,
    relative to the writing's height; pixels: uint8 (32, 32), the network's input.
    """

    first: int
    last: int
    may_be_mark: bool
    box: tuple[int, int, int, int]
    gap: float
    pixels: NDArray[np.uint8]


def pieces_of(line: TextLine, cuts: Cuts, most: int = MAX_PIECES) -> list[Piece]:
    """All candidates on the line: between each two cuts that do not cross.

    Those that are too wide or have a wide gap are left out, unless they may be marks. Raises CrowdedPage if there are
    more than `most`.
    """
    pairs, may_be_mark = pairs_of(cuts)
    boxes, gaps = extents_of(cuts, pairs)
    is_near = (gaps <= WIDEST_GAP * line.height) & (boxes[:, 2] - boxes[:, 0] <= WIDEST * line.height)
    chosen = np.flatnonzero(is_near | may_be_mark).tolist()
    if len(chosen) > most:
        raise CrowdedPage(CROWDED)
    labels = with_soft_edges(cuts.labels, line.ink)
    pieces = []
    for index in chosen:
        first, last = pairs[index].tolist()
        left, top, right, bottom = boxes[index].tolist()
        window = (slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1))
        inside = cuts.between(first, last)[labels[window]]
        pixels = center_ink(np.where(inside, line.ink[window], np.float32(0)))
        box, gap = (left, top, right, bottom), float(gaps[index]) / line.height
        pieces.append(Piece(first, last, bool(may_be_mark[index]), box, gap, pixels))
    return pieces


def pairs_of(cuts: Cuts) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The pairs of cuts that do not cross, int (P, 2), the left one first, and which of them may hold a mark, (P,)."""
    count = len(cuts.left)
    left, right = np.packbits(cuts.left, axis=1), np.packbits(~cuts.left, axis=1)
    reach = min(MAX_APART, count - 1) + 1
    parts = np.zeros((reach, count), bool)  # whether a cut does not cross the one that so many places later follows
    for apart in range(1, reach):
        parts[apart, : count - apart] = ~(left[: count - apart] & right[apart:]).any(axis=1)
    smallest = parts.copy()
    for apart in range(2, reach):
        for step in range(1, apart):
            smallest[apart, : count - step] &= ~(parts[step, : count - step] & parts[apart - step, step:])
    keys, keys_of_smallest = (first * count + first + apart for apart, first in map(np.nonzero, (parts, smallest)))
    whole = np.flatnonzero(~cuts.is_seam)
    keys_of_whole = whole[:-1] * count + whole[1:]
    keys = np.union1d(keys, keys_of_whole)
    may_be_mark = np.isin(keys, keys_of_smallest) | np.isin(keys, keys_of_whole)
    return np.stack([keys // count, keys % count], axis=1), may_be_mark


def extents_of(cuts: Cuts, pairs: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The boxes, int (P, 4), of the ink between pairs of cuts (P, 2), and the widest gap in each, (P,), in pixels."""
    order = np.argsort(cuts.boxes[:, 0], kind="stable")
    boxes, gaps = np.zeros((len(pairs), 4), np.intp), np.zeros(len(pairs), np.intp)
    for start in range(0, len(pairs), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        first, last = pairs[some].T
        inside = cuts.left[last] & ~cuts.left[first]
        near = order[inside.any(axis=0)[order]]
        inside, edges = inside[:, near], cuts.boxes[near]
        boxes[some, :2] = np.where(inside[..., None], edges[:, :2], FAR).min(axis=1)
        rights = np.where(inside, edges[:, 2], -FAR)
        boxes[some, 2], boxes[some, 3] = rights.max(axis=1), np.where(inside, edges[:, 3], -FAR).max(axis=1)
        reached = np.maximum.accumulate(rights, axis=1)[:, :-1]
        is_later = inside[:, 1:] & (reached > -FAR)
        gaps[some] = np.where(is_later, edges[1:, 0] - reached, 0).max(axis=1, initial=0)
    return boxes, gaps


def with_soft_edges(labels: NDArray[np.int32], ink: NDArray[np.float32]) -> NDArray[np.int32]:
    """The labels (h, w), each spread by one pixel over the soft edges of its strokes."""
    padded = np.pad(labels, 1)
    height, width = labels.shape
    spread = np.max(
        [padded[down : down + height, across : across + width] for down in range(3) for across in range(3)], axis=0
    )
    return np.where(labels > 0, labels, np.where(ink > 0, spread, 0)).astype(np.int32)


def box_on_page(line: TextLine, cuts: Cuts, piece: Piece) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a piece on the page's ink, in pixels."""
    rows, columns = np.nonzero(cuts.between(piece.first, piece.last)[cuts.labels])
    across = columns - line.shifts[rows]
    return (
        line.left + float(across.min()) / line.scale, line.top + float(rows.min()) / line.scale,
        line.left + float(across.max() + 1) / line.scale, line.top + float(rows.max() + 1) / line.scale,
    )  # fmt: skip
