"""Connected components of the ink: separate the digit from what else lies on the page by size, position and shape."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 0.06  # of the main component's area; smaller components are specks
SECOND_SHARE = 0.25  # of the main component's area; a component of that size is a second digit, and is kept
NEAR = 0.25  # of the main component's longer side; a part of the digit is no farther away
BORDER_WEIGHT = 0.25  # by which the area of a component that touches the border counts
DEBRIS_WEIGHT = 0.01
DEBRIS = 0.12  # of the page's shorter side
SLENDER = 0.28  # thickness over length of a straight piece of a frame, at most
BAND = 0.2  # of the page's shorter side; pieces of a frame lie within it from the border


class Parts(NamedTuple):
    """The components of a mask's ink, P of them.

    labels: int (H, W), 1 to P, 0 elsewhere; left, top, right, bottom: their boxes, ends exclusive, int (P,);
    area: pixels, int (P,).
    """

    labels: NDArray[np.int32]
    left: NDArray[np.int64]
    top: NDArray[np.int64]
    right: NDArray[np.int64]
    bottom: NDArray[np.int64]
    area: NDArray[np.int64]

    @property
    def longer(self) -> NDArray[np.int64]:
        """The longer side of each box."""
        return np.maximum(self.right - self.left, self.bottom - self.top)


class Digit(NamedTuple):
    """The components that are the digit: bool (H, W); and the share, 0–1, of ink beside it that is no speck."""

    kept: NDArray[np.bool_]
    stray: float


def parts_of(mask: NDArray[np.bool_]) -> Parts:
    """The 8-connected components of bool (H, W)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, wide, high, area = stats[1:].T.astype(np.int64)
    return Parts(labels, left, top, left + wide, top + high, area)


def digit_of(mask: NDArray[np.bool_], erased: NDArray[np.bool_], line_width: float) -> Digit:
    """The digit among the components of a mask of ink bool (H, W), from which the structure `erased` was taken."""
    parts = parts_of(mask)
    count = len(parts.area)
    if not count:
        return Digit(np.zeros(mask.shape, bool), 0.0)
    height, width = mask.shape
    at_border = (parts.left <= 1) | (parts.top <= 1) | (parts.right >= width - 1) | (parts.bottom >= height - 1)
    debris = beside(parts, erased) & (parts.longer < DEBRIS * min(height, width))
    debris |= frame_pieces(parts, mask.shape)
    piece = beside(parts, erased) & (parts.area <= (1.5 * line_width + 1) * parts.longer)
    if not (piece | debris).all():
        debris |= piece
    weight = parts.area * np.where(at_border, BORDER_WEIGHT, 1.0) * np.where(debris, DEBRIS_WEIGHT, 1.0)
    main = int(np.argmax(weight))
    longest, area = parts.longer[main], parts.area
    kept = np.zeros(count, bool)
    kept[main] = True
    if debris[main] and erased.any():
        return Digit(np.zeros(mask.shape, bool), 0.0)
    underlines = np.array([is_underline(parts, i, main) for i in range(count)])
    for i in np.argsort(-area):
        if underlines[i] or kept[i] or debris[i] or area[i] < MIN_SHARE * area[main] or (at_border[i] and not at_border[main]):
            continue
        across = max(parts.left[i] - parts.right[kept].max(), parts.left[kept].min() - parts.right[i], 0)
        down = max(parts.top[i] - parts.bottom[kept].max(), parts.top[kept].min() - parts.bottom[i], 0)
        box = (parts.right[i] - parts.left[i]) * (parts.bottom[i] - parts.top[i])
        is_stop = parts.longer[i] < 0.25 * longest and area[i] > 0.5 * box
        if is_stop and max(across, down) > 0.03 * longest:
            continue
        kept[i] = max(across, down) <= NEAR * longest or area[i] >= SECOND_SHARE * area[main]
    rest = ~kept & ~debris & ~at_border & ~underlines & (area >= MIN_SHARE * area[main])
    stray = float(area[rest].sum() / (area[rest].sum() + area[kept].sum()))
    return Digit(np.append(False, kept)[parts.labels], stray)


def beside(parts: Parts, erased: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which components touch what was erased: bool (P,)."""
    wide = cv2.dilate(erased.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.bincount(parts.labels[wide], minlength=len(parts.area) + 1)[1:] > 0


def frame_pieces(parts: Parts, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which components are straight, and lie along the border of the page, within BAND of it: bool (P,)."""
    height, width = shape
    band = BAND * min(shape)
    wide, high = parts.right - parts.left, parts.bottom - parts.top
    level = (high <= SLENDER * wide) & ((parts.bottom <= band) | (parts.top >= height - band))
    upright = (wide <= SLENDER * high) & ((parts.right <= band) | (parts.left >= width - band))
    result: NDArray[np.bool_] = level | upright
    return result


def is_underline(parts: Parts, i: int, main: int) -> bool:
    """Whether a component is wide and low, and lies below the main one."""
    wide, high = parts.right[i] - parts.left[i], parts.bottom[i] - parts.top[i]
    main_wide, main_high = parts.right[main] - parts.left[main], parts.bottom[main] - parts.top[main]
    return bool(
        wide >= 3 * high and wide >= 0.6 * main_wide and parts.top[i] >= parts.bottom[main] + 0.04 * main_high
    )
