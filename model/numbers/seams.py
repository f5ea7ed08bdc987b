"""Find seams through a component of the ink: paths from top to bottom along which two touching digits may be parted.

A seam crosses little ink (Avidan and Shamir, "Seam Carving for Content-Aware Image Resizing", 2007). It may run down
between two slanting digits. Where two rounded digits share a stroke, no cheap path leads through: there, an upright
seam is tried at the waist of the ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

# Shares of the writing's height:
MAX_CUT = 0.75  # ink that a seam may cross
MIN_SLICE = 0.1  # between two seams in one row
WAIST_REACH, WAIST = 0.25, 0.8  # how near a waist the ink must be higher; its height over that, at most
SAME = 0.06  # on average, between two seams

SIDEWAYS = (0.1, 0.4)  # of full ink; the cost of each sidestep of a seam: winding ones, and straighter ones
WAYPOINTS = (0.33, 0.67)  # shares of a component's height; the rows in which seams are looked for
WALL = np.float32(1e6)  # cost of a place between two components


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
