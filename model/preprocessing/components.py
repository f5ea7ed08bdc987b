"""Connected components of the ink: separate the digit from dust, ruled lines and page edges by size and position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MASK_SIDE = 96  # pixels; components are found on a mask of about this size
SOLID_SHARE = 0.35  # share of full ink from which a pixel of the mask is solid
MIN_SHARE = 0.06  # share of the largest component's area; smaller components are dust
MASK_MARGIN = 2  # pixels of the mask that are kept around a component, for its strokes' soft edges
EDGE_SHARE = 0.1  # share of the page's outline; a component that covers more of it is no digit


def main_components(ink: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Keep the ink float32 (H, W), 0–255, in and around its largest components; unchanged if there are none.

    Also return the stray share: the share, 0–1, of solid ink that was removed although it is no edge or line. On a page
    with one digit it is near 0; on a picture of something else it is often larger.
    """
    factor = max(1, max(ink.shape) // MASK_SIDE)
    labels, count = label(max_pooled(ink, factor) > SOLID_SHARE * 255)
    if not count:
        return ink, 0.0
    area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    edge = at_edge(labels, count)
    keep = area >= MIN_SHARE * area.max()
    if (keep & ~edge).any():
        keep &= ~edge
        keep &= area >= MIN_SHARE * area[keep].max()
    mask = dilated(np.append(False, keep)[labels].astype(np.float32), MASK_MARGIN)
    height, width = ink.shape
    wide = mask.repeat(factor, axis=0).repeat(factor, axis=1)
    stray = float(area[~keep & ~edge].sum() / area.sum())
    return np.where(wide[:height, :width] > 0, ink, np.float32(0)), stray


def max_pooled(ink: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Shrink float32 (H, W) by max-pooling over `factor`×`factor` pixels, so that thin strokes survive."""
    height, width = ink.shape
    padded = np.pad(ink, ((0, -height % factor), (0, -width % factor)))
    blocks: NDArray[np.float32] = padded.reshape(len(padded) // factor, factor, -1, factor).max(axis=3).max(axis=1)
    return blocks


def dilated(ink: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Grayscale dilation: the maximum within a square of `radius` pixels around each pixel of float32 (H, W).

    First across, then down; the window doubles in each step. The result has the same shape.
    """
    for _ in range(2):
        ink = np.pad(ink.T, ((0, 0), (radius, radius)))
        reach, wanted = 1, 2 * radius + 1
        while reach < wanted:
            step = min(reach, wanted - reach)
            ink = np.maximum(ink[:, :-step], ink[:, step:])
            reach += step
    return ink


def at_edge(labels: NDArray[np.intp], count: int) -> NDArray[np.bool_]:
    """Which components lie along the page's border or cross the page: edges, shadows, ruled lines. bool (count,).

    A digit that fills its page also touches the border, but only with the ends and bends of its strokes.
    """
    sides = [
        np.bincount(side, minlength=count + 1)[1:] for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    ]
    top, bottom, left, right = sides
    crossing = ((top > 0) & (bottom > 0)) | ((left > 0) & (right > 0))
    along = top + bottom + left + right > EDGE_SHARE * 2 * sum(labels.shape)
    result: NDArray[np.bool_] = crossing | along
    return result


def label(solid: NDArray[np.bool_]) -> tuple[NDArray[np.intp], int]:
    """Label the 8-connected components of bool (H, W): labels (H, W) are 1 … count, 0 elsewhere; and the count.

    Union-find joins the runs of each row with those of the row above (Rosenfeld and Pfaltz, JACM 13, 1966).
    """
    parent: list[int] = []
    runs: list[tuple[int, int, int]] = []

    def find(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    above: list[tuple[int, int, int]] = []
    padded = np.pad(solid, ((0, 0), (1, 1))).astype(np.int8)
    for row, changes in enumerate(np.diff(padded, axis=1)):
        starts, ends = np.flatnonzero(changes == 1).tolist(), np.flatnonzero(changes == -1).tolist()
        here = []
        for start, end in zip(starts, ends, strict=True):
            item = len(parent)
            parent.append(item)
            runs.append((row, start, end))
            here.append((start, end, item))
            for other_start, other_end, other in above:
                if other_start <= end and start <= other_end:
                    parent[find(other)] = find(item)
        above = here
    roots = {root: number for number, root in enumerate(sorted({find(item) for item in range(len(parent))}), start=1)}
    labels = np.zeros(solid.shape, np.intp)
    for item, (row, start, end) in enumerate(runs):
        labels[row, start:end] = roots[find(item)]
    return labels, len(roots)
