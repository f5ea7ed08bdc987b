"""Find seams through a component of the ink: paths from top to bottom along which two touching digits may be parted.

A seam crosses little ink (Avidan and Shamir, "Seam Carving for Content-Aware Image Resizing", 2007). It may run down
between two slanting digits. Where two rounded digits share a stroke, no cheap path leads through: there, an upright
seam is tried at the waist of the ink. Seams may cross each other: which of them part digits, the network will tell.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Shares of the writing's height:
MAX_CUT = 0.75  # ink that a seam may cross
WAIST_REACH, WAIST = 0.25, 0.8  # how near a waist the ink must be higher; its height over that, at most

SOLID = 0.5  # share of full ink, above which it is a stroke
SIDEWAYS = (0.1, 0.4)  # of full ink; the cost of each sidestep of a seam: winding ones, and straighter ones
WALL = np.float32(1e6)  # cost of a place between two components


class Density(NamedTuple):
    """How densely seams are sought.

    rows: in which, as shares of a component's height; same: ink between two seams that are not the same, at least, as a
    share of the writing's height, squared.
    """

    rows: tuple[float, ...]
    same: float


COARSE = Density((0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85), 0.03)
FINE = Density((0.12, 0.18, 0.25, 0.31, 0.37, 0.44, 0.5, 0.56, 0.63, 0.69, 0.75, 0.82, 0.88), 0.012)


class Seams(NamedTuple):
    """M paths from top to bottom: their columns in each row, int32 (M, h), and the ink each crosses, float (M,)."""

    paths: NDArray[np.int32]
    costs: NDArray[np.float32]


def seams_of(inks: Sequence[NDArray[np.float32]], height: float, density: Density = COARSE) -> list[Seams]:
    """The cheapest seams through each component's ink, float32 (h, w), 0–1.

    Each is the cheapest of all that pass one place of a row, and cheaper there than those to its left and right. No two
    part the ink in the same way.
    """
    if not inks:
        return []
    strip, lefts = side_by_side(inks)
    costs, steps = cheapest(strip)
    starts = [starts_in(ink, costs, left, density.rows) for ink, left in zip(inks, lefts, strict=True)]
    ways, rows, columns = np.concatenate(starts, axis=1)
    up = followed(steps[0], ways, rows, columns)
    down = followed(steps[1], ways, len(strip) - 1 - rows, columns)[:, ::-1]
    paths = np.where(np.arange(len(strip)) <= rows[:, None], up, down)
    owned = np.split(paths, np.cumsum([len(one[0]) for one in starts])[:-1])
    return [
        distinct(ink, np.concatenate([waists_of(ink, height), some[:, : len(ink)] - left]), height, density.same)
        for ink, left, some in zip(inks, lefts, owned, strict=True)
    ]


def no_seams(height: int) -> Seams:
    """None, through a component that is so many pixels high."""
    return Seams(np.zeros((0, height), np.int32), np.zeros(0, np.float32))


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


def starts_in(
    ink: NDArray[np.float32], costs: NDArray[np.float32], left: int, shares: Sequence[float]
) -> NDArray[np.int32]:
    """Where paths pass some rows most cheaply in one component, float32 (h, w): int32 (3, n), way, row and column.

    costs: as of `cheapest`; left, and the columns found: on the strip; shares: of the component's height, the rows.
    """
    rows = np.unique((np.array(shares) * len(ink)).astype(np.intp))
    inside = slice(left, left + ink.shape[1])
    through = costs[0][:, rows, inside] + costs[1][:, costs.shape[2] - 1 - rows, inside] - ink[rows]
    middle = through[..., 1:-1]
    ways, places, columns = np.nonzero((middle <= through[..., :-2]) & (middle <= through[..., 2:]))
    return np.stack([ways, rows[places], columns + left + 1]).astype(np.int32)


def waists_of(ink: NDArray[np.float32], height: float) -> NDArray[np.int32]:
    """Upright paths, int32 (n, h), where one component's ink, float32 (h, w), is least high from its top to its bottom.

    There, two rounded digits meet that share a stroke. No cheap path leads through it.
    """
    solid = ink > SOLID
    tops = np.where(solid.any(axis=0), solid.argmax(axis=0), len(ink))
    bottoms = np.where(solid.any(axis=0), len(ink) - solid[::-1].argmax(axis=0), 0)
    extent = np.maximum(bottoms - tops, 0).astype(np.float32)
    inner = max(1, round(WAIST_REACH * height))
    found = []
    for place in minima(extent, inner).tolist():
        around = min(
            extent[max(0, place - inner) : place].max(initial=0), extent[place + 1 : place + 1 + inner].max(initial=0)
        )
        if extent[place] <= WAIST * around:
            found.append(place)
    return np.repeat(np.array(found, np.int32)[:, None], len(ink), axis=1)


def distinct(ink: NDArray[np.float32], paths: NDArray[np.int32], height: float, same: float) -> Seams:
    """The cheapest of the paths (n, h) through a component, float32 (h, w), of which no two part its ink alike.

    same: as of `Density`.
    """
    rows = np.arange(len(ink))
    costs = ink[rows, paths].sum(axis=1)
    order = np.argsort(costs, kind="stable")
    order = order[costs[order] <= MAX_CUT * height]
    strokes = np.pad(np.cumsum(ink > SOLID, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    left = strokes[rows, paths[order]]  # of each path in each row, (n, h), in pixels
    first = np.sort(np.unique(left, axis=0, return_index=True)[1])
    order, left = order[first], left[first]
    areas, all_ink, least = left.sum(axis=1), int(strokes[:, -1].sum()), same * height**2
    kept: list[tuple[int, int]] = []  # area to the left, and index, in the order of the areas
    for index, area in enumerate(areas.tolist()):
        if not least <= area <= all_ink - least:
            continue
        near = [other for _, other in kept[bisect_right(kept, (area - least,)) : bisect_left(kept, (area + least,))]]
        if not near or np.abs(left[near] - left[index]).sum(axis=1).min() >= least:
            insort(kept, (area, index))
    chosen = order[sorted(index for _, index in kept)]
    return Seams(paths[chosen], costs[chosen])


def minima(values: NDArray[np.float32], reach: int) -> NDArray[np.intp]:
    """Where values (w,) are least within `reach` places, each at least that far from the one before: int (n,)."""
    padded = np.pad(values, reach, constant_values=np.inf)
    lowest = sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    chosen: list[int] = []
    for place in np.flatnonzero(values <= lowest).tolist():
        if not chosen or place - chosen[-1] >= reach:
            chosen.append(place)
    return np.array(chosen, np.intp)


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


def followed(
    steps: NDArray[np.int8], ways: NDArray[np.int32], rows: NDArray[np.int32], columns: NDArray[np.int32]
) -> NDArray[np.int32]:
    """The columns of the paths that lead from the first row to some places, each (n,): int32 (n, h), 0 below a place.

    steps: (SIDEWAYS, h, w), those that led to each place.
    """
    order = np.argsort(-rows, kind="stable")
    ways, at = ways[order], columns[order]
    begun = np.searchsorted(-rows[order], -np.arange(steps.shape[1]), side="right")  # in each row, how many paths
    found = np.zeros((len(rows), steps.shape[1]), np.int32)
    for row in range(int(rows.max(initial=-1)), -1, -1):
        count = begun[row]
        found[:count, row] = at[:count]
        at[:count] += steps[ways[:count], row, at[:count]]
    paths = np.empty_like(found)
    paths[order] = found
    return paths
