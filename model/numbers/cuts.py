"""Cut a line of writing: everywhere where one digit may end and the next begin.

Heuristic over-segmentation, as in LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, section VII: cut too often rather than too rarely, and let the network judge what lies between the
cuts (pieces.py). A cut leads past the line's components, or through one of them along a seam (seams.py). Two cuts may
cross each other; a reading uses one of them at most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.numbers.ink import CROWDED
from model.numbers.seams import COARSE, Density, Seams, no_seams, seams_of
from model.numbers.text_lines import TextLine
from model.preprocessing.centering import center_ink
from model.preprocessing.components import Components, components_of
from model.preprocessing.errors import CrowdedPage

# Shares of the writing's height:
DIGIT_WIDTH = 0.95  # a wider component is cut though it looks like a digit
CUT_WIDTH = 0.45  # a component must be as wide to be cut
FLAT = 0.3  # so low a component, a dash, is not cut
DUST = 0.012  # of the height's square: area of a smaller component

MAX_CUTS = 2_000  # of a line
FAR = 1 << 30  # pixels; farther than any ink


class Cuts(NamedTuple):
    """N cuts, each of which parts the line's ink in two: from the cut left of all ink to that right of all.

    labels: int32 (h, w), 1 to F, of the fragments: the ink of a component that lies on the same side of each cut, 0
    elsewhere; boxes: int (F, 4), theirs: left, top, right and bottom, the last two exclusive; left: bool (N, F),
    whether a fragment lies left of a cut; ink: float32 (N,), how much of it a cut crosses, relative to the writing's
    height; is_seam: bool (N,), whether it leads through a component. The cuts are in the order of the ink left of them.
    """

    labels: NDArray[np.int32]
    boxes: NDArray[np.intp]
    left: NDArray[np.bool_]
    ink: NDArray[np.float32]
    is_seam: NDArray[np.bool_]

    def between(self, first: int, last: int) -> NDArray[np.bool_]:
        """Which labels, 0 to F, lie between two cuts: bool (F + 1,)."""
        return np.append(False, self.left[last] & ~self.left[first])


class Component(NamedTuple):
    """A component of a line: its mask, bool (h, w), where that begins on the line, and the seams through it."""

    mask: NDArray[np.bool_]
    top: int
    left: int
    seams: Seams

    @property
    def middle(self) -> tuple[float, float]:
        """Column and row of the middle of its box, on the line."""
        height, width = self.mask.shape
        return self.left + width / 2, self.top + height / 2

    def fragments(self) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """The labels of its fragments, int32 (h, w), 1 to F, and which are left of each of its M seams: bool (M, F).

        A pixel's sum of random keys, one for each seam to its right, tells its fragment.
        """
        height, width = self.mask.shape
        keys = np.random.default_rng(0).integers(1 << 63, size=len(self.seams.paths), dtype=np.uint64)
        at_seams = np.zeros((height, width + 1), np.uint64)
        np.add.at(at_seams, (np.arange(height), self.seams.paths), keys[:, None])
        sums = np.cumsum(at_seams[:, ::-1], axis=1, dtype=np.uint64)[:, ::-1]
        rows, columns = np.nonzero(self.mask)
        _, places, which = np.unique(sums[rows, columns + 1], return_index=True, return_inverse=True)
        labels = np.zeros(self.mask.shape, np.int32)
        labels[rows, columns] = which + 1
        return labels, columns[places] < self.seams.paths[:, rows[places]]

    def left_of_seams(self, middles: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which components, by their middles (n, 2), lie left of each of its M seams: bool (M, n)."""
        rows = np.clip(middles[:, 1].astype(np.intp) - self.top, 0, len(self.mask) - 1)
        is_left: NDArray[np.bool_] = middles[:, 0] < self.seams.paths[:, rows] + self.left
        return is_left


def none_clear(digits: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """No component is so clear that it is not cut."""
    return np.zeros(len(digits), bool)


def cuts_of(
    line: TextLine,
    clear: Callable[[list[NDArray[np.uint8]]], NDArray[np.bool_]] = none_clear,
    density: Density = COARSE,
) -> Cuts:
    """Cut the line.

    clear: tells of components placed as digits, each uint8 (32, 32), which are so clearly a digit that they are not
    cut: bool (N,); density: of the seams through the others. Raises CrowdedPage if there are more than MAX_CUTS.
    """
    parts = components_of(line.mask)
    indices = np.flatnonzero(parts.area >= DUST * line.height**2)
    indices = indices[np.argsort((parts.left + parts.right)[indices], kind="stable")]
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
    seams = [no_seams(len(mask)) for mask in masks]
    wide = np.flatnonzero(~uncut).tolist()
    for i, found in zip(wide, seams_of([inks[i] / np.float32(255) for i in wide], line.height, density), strict=True):
        seams[i] = found
    return cuts_through([Component(*one) for one in zip(masks, tops, lefts, seams, strict=True)], line)


def cuts_through(components: Sequence[Component], line: TextLine) -> Cuts:
    """The cuts between and through the line's components, which are in the order of their middles.

    Raises CrowdedPage if there are more than MAX_CUTS.
    """
    count = len(components)
    if count + 1 + sum(len(one.seams.costs) for one in components) > MAX_CUTS:
        raise CrowdedPage(CROWDED)
    found = [one.fragments() for one in components]
    begins = np.cumsum([0, *(is_left.shape[1] for _, is_left in found)])
    owner = np.repeat(np.arange(count), np.diff(begins))
    middles = np.array([one.middle for one in components]).reshape(-1, 2)
    labels = np.zeros(line.mask.shape, np.int32)
    left, ink = [np.arange(count + 1)[:, None] > owner], [np.zeros(count + 1, np.float32)]
    for one, (own, is_left), begin in zip(components, found, begins.tolist(), strict=False):
        there = labels[one.top : one.top + len(own), one.left : one.left + own.shape[1]]
        there[one.mask] = own[one.mask] + begin
        of_seams = one.left_of_seams(middles)[:, owner]
        of_seams[:, begin : begin + is_left.shape[1]] = is_left
        left.append(of_seams)
        ink.append(one.seams.costs / np.float32(line.height))
    all_left, all_ink = np.concatenate(left), np.concatenate(ink)
    areas = np.bincount(labels.ravel(), minlength=begins[-1] + 1)[1:]
    order = np.argsort(all_left @ areas, kind="stable")
    return Cuts(labels, boxes_of(labels, len(areas)), all_left[order], all_ink[order], order > count)


def boxes_of(labels: NDArray[np.int32], count: int) -> NDArray[np.intp]:
    """Left, top, right and bottom, the last two exclusive, of each label from 1 to `count`: int (count, 4)."""
    boxes = np.tile(np.array([FAR, FAR, 0, 0], np.intp), (count, 1))
    rows, columns = np.nonzero(labels)
    index = labels[rows, columns] - 1
    for edge, places in enumerate((columns, rows)):
        np.minimum.at(boxes[:, edge], index, places)
        np.maximum.at(boxes[:, edge + 2], index, places + 1)
    return boxes


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
