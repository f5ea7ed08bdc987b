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
CONTENT = 0.3  # of a ring's longer side; what is drawn into it is at least as long
DIRECTIONS = 48
AROUND = 0.75  # share of the directions in which a ring surrounds what is drawn into it
ROUND = 0.1  # of its longer side; a ring is at least so far from the corners of its smallest rectangle, 0.2 if whole
SLASH_WIDTH, SLASH_LENGTH = 0.35, 0.45  # of its own length, at most, and of the ring's longer side, at least
SLASH_ANGLES = (10, 85)  # degrees from upright: a 1 in a ring is steeper, a dash flatter
LONG_PIECE = 0.3  # of the page's shorter side; so long a piece of a frame is no digit, even if it is alone
SLENDER = 0.4  # thickness over length of a straight piece of a frame, at most
LINE_WIDTHS = 1.5  # times the widest line that was erased: what is as thin is a piece of one
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
        sides: NDArray[np.int64] = np.maximum(self.right - self.left, self.bottom - self.top)
        return sides


class Digit(NamedTuple):
    """The components that are the digit.

    kept: bool (H, W); stray: the share, 0–1, of ink beside it that is no speck; has_ring: whether a ring was drawn
    around it.
    """

    kept: NDArray[np.bool_]
    stray: float
    has_ring: bool


def parts_of(mask: NDArray[np.bool_]) -> Parts:
    """The 8-connected components of bool (H, W)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    left, top, wide, high, area = stats[1:].T.astype(np.int64)
    return Parts(labels, left, top, left + wide, top + high, area)


def digit_of(mask: NDArray[np.bool_], erased: NDArray[np.bool_], line_width: float) -> Digit:
    """The digit among the components of a mask of ink bool (H, W), from which the structure `erased` was taken."""
    nothing = Digit(np.zeros(mask.shape, bool), 0.0, False)
    parts = parts_of(mask)
    area, count = parts.area, len(parts.area)
    if not count:
        return nothing
    height, width = mask.shape
    at_border = (parts.left <= 1) | (parts.top <= 1) | (parts.right >= width - 1) | (parts.bottom >= height - 1)
    is_thin = area <= (LINE_WIDTHS * line_width + 1) * parts.longer
    pieces = frame_pieces(parts, mask.shape) & (is_thin | (line_width == 0))
    debris = beside(parts, erased) & (parts.longer < DEBRIS * min(height, width)) | pieces
    piece = beside(parts, erased) & is_thin
    debris |= piece & (parts.longer <= 2 * np.max(parts.longer, where=~piece & ~debris, initial=0))
    weight = area * np.where(at_border, BORDER_WEIGHT, 1.0) * np.where(debris, DEBRIS_WEIGHT, 1.0)
    main = int(np.argmax(weight))
    under = [i for i in range(count) if i != main and weight[i] > 0.1 * weight[main] and is_underline(parts, main, i)]
    if under:
        main = max(under, key=lambda i: weight[i])
    main, rings = inside_rings(parts, main)
    debris[rings] = True
    if debris[main] and (erased.any() or parts.longer[main] >= LONG_PIECE * min(height, width)):
        return nothing
    underlines = np.array([is_underline(parts, i, main) for i in range(count)])
    kept = np.zeros(count, bool)
    kept[main] = True
    longest = parts.longer[main]
    for i in np.argsort(-area):
        ignored = kept[i] or debris[i] or underlines[i] or (at_border[i] and not at_border[main])
        if ignored or area[i] < MIN_SHARE * area[main]:
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
    return Digit(np.append(False, kept)[parts.labels], stray, bool(rings) and are_round(parts, rings))


def inside_rings(parts: Parts, main: int) -> tuple[int, list[int]]:
    """The component that is drawn into rings or frames, and these; `main` itself and none if there are none."""
    inside = (
        (parts.left > parts.left[main]) & (parts.right < parts.right[main])
        & (parts.top > parts.top[main]) & (parts.bottom < parts.bottom[main])
        & (parts.longer >= CONTENT * parts.longer[main])
    )  # fmt: skip
    if inside.any():
        inner = int(np.argmax(np.where(inside, parts.longer, 0)))
        if surround(parts, [main], inner) and not is_slash(parts, inner, main):
            main = inner
    others = [i for i in np.flatnonzero(parts.longer >= CONTENT * parts.longer[main]).tolist() if i != main]
    around = [outer for outer in others if surround(parts, [outer], main)]
    if not around and surround(parts, others, main):
        around = others  # the border or a faint stroke cuts the ring into pieces
    return main, [outer for outer in around if not is_slash(parts, main, outer)]


def surround(parts: Parts, outer: list[int], inner: int) -> bool:
    """Whether components lie around another, as a ring with gaps may: behind it in nearly all directions."""
    middle = (parts.top[inner] + parts.bottom[inner]) / 2, (parts.left[inner] + parts.right[inner]) / 2
    nearest, farthest = np.full(DIRECTIONS, np.inf), np.zeros(DIRECTIONS)
    for indices, extreme, reach in ((outer, np.minimum, nearest), ([inner], np.maximum, farthest)):
        rows, columns = places_of(parts, indices)
        angle = np.arctan2(rows - middle[0], columns - middle[1])
        bins = ((angle + np.pi) / (2 * np.pi) * DIRECTIONS).astype(np.intp) % DIRECTIONS
        extreme.at(reach, bins, np.hypot(rows - middle[0], columns - middle[1]))
    around = np.isfinite(nearest) & (nearest > farthest)
    return bool(around.mean() >= AROUND)


def places_of(parts: Parts, indices: list[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels of components."""
    chosen = np.zeros(len(parts.area) + 1, bool)
    chosen[[index + 1 for index in indices]] = True
    rows, columns = np.nonzero(chosen[parts.labels])
    return rows, columns


def is_slash(parts: Parts, inner: int, ring: int) -> bool:
    """Whether what lies in a ring is a straight slanting stroke through most of it: the slash of a zero."""
    rows, columns = places_of(parts, [inner])
    (_, _), (first, second), angle = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.int32))
    slant = abs((angle if second >= first else angle + 90) % 180)
    from_upright = min(slant, 180 - slant)
    return bool(
        min(first, second) <= SLASH_WIDTH * max(first, second)
        and max(first, second) >= SLASH_LENGTH * parts.longer[ring]
        and SLASH_ANGLES[0] <= from_upright <= SLASH_ANGLES[1]
    )


def are_round(parts: Parts, indices: list[int]) -> bool:
    """Whether the outline of components is rather a ring's than a frame's: it avoids the corners of its box."""
    rows, columns = places_of(parts, indices)
    places = np.stack([columns, rows], axis=1).astype(np.float32)
    rectangle = cv2.minAreaRect(places)
    gaps = [float(np.hypot(*(places - corner).T).min()) for corner in cv2.boxPoints(rectangle)]
    return bool(np.mean(gaps) > ROUND * max(rectangle[1]))


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
        wide >= 2.5 * high and wide >= 0.6 * main_wide and parts.top[i] >= parts.bottom[main] + 0.04 * main_high
    )
