"""Tell a digit from a ring or a frame around it, perhaps with gaps, and such a digit from the slash of a zero."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocessing.components import Components

CONTENT = 0.3  # of a ring's longer side; what is drawn into it is at least as long
DIRECTIONS = 48
AROUND = 0.75  # share of the directions in which a ring surrounds what is drawn into it
SEEN = 0.4  # share of the directions in which it is seen, at least; in others it may lie beyond the border
OFF_PAGE = 1.1  # times its middle distance, to which it is expected there
ROUND = 0.1  # of its longer side; a ring is at least so far from the corners of its smallest rectangle, 0.2 if whole
SLASH_WIDTH, SLASH_LENGTH = 0.35, 0.45  # of its own length, at most, and of the ring's longer side, at least
ZERO_SHAPE = 0.85  # shorter over longer side of a zero, at most; a ring is rounder
SLASH_ANGLES = (10, 85)  # degrees from upright: a 1 in a ring is steeper, a dash flatter


def inside_rings(parts: Components, main: int) -> tuple[int, list[int]]:
    """The component that is drawn into rings or frames, and these; `main` itself and none if there are none."""
    inside = parts.within(main) & (parts.longer >= CONTENT * parts.longer[main])
    if inside.any():
        inner = int(np.argmax(np.where(inside, parts.longer, 0)))
        if surround(parts, [main], inner) and not is_slash(parts, inner, [main]):
            main = inner
    others = [i for i in np.flatnonzero(parts.longer >= CONTENT * parts.longer[main]).tolist() if i != main]
    row, column = (parts.top[main] + parts.bottom[main]) / 2, (parts.left[main] + parts.right[main]) / 2
    holding = (parts.left < column) & (parts.right > column) & (parts.top < row) & (parts.bottom > row)
    around = [outer for outer in others if holding[outer] and surround(parts, [outer], main)]
    if not around and surround(parts, others, main):
        around = others  # the border or a faint stroke cuts the ring into pieces
    return main, [] if around and is_slash(parts, main, around) else around


def surround(parts: Components, outer: list[int], inner: int) -> bool:
    """Whether components lie around another, as a ring with gaps may: behind it in nearly all directions."""
    middle = (parts.top[inner] + parts.bottom[inner]) / 2, (parts.left[inner] + parts.right[inner]) / 2
    nearest, farthest = np.full(DIRECTIONS, np.inf), np.zeros(DIRECTIONS)
    for indices, extreme, reach in ((outer, np.minimum, nearest), ([inner], np.maximum, farthest)):
        rows, columns = parts.places_of(indices)
        angle = np.arctan2(rows - middle[0], columns - middle[1])
        bins = ((angle + np.pi) / (2 * np.pi) * DIRECTIONS).astype(np.intp) % DIRECTIONS
        extreme.at(reach, bins, np.hypot(rows - middle[0], columns - middle[1]))
    seen = np.isfinite(nearest)
    if not seen.any():
        return False
    beyond = border_distance(middle, parts.labels.shape) <= OFF_PAGE * np.median(nearest[seen])
    around = np.where(seen, nearest > farthest, beyond)
    return bool(seen.mean() >= SEEN and around.mean() >= AROUND)


def border_distance(middle: tuple[float, float], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """How far the page's border is from a place, row and column, in each of DIRECTIONS: float (DIRECTIONS,), pixels."""
    angle = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS * 2 * np.pi - np.pi
    down, across = np.sin(angle), np.cos(angle)
    rows = np.where(down > 0, shape[0] - middle[0], middle[0]) / np.maximum(np.abs(down), 1e-9)
    columns = np.where(across > 0, shape[1] - middle[1], middle[1]) / np.maximum(np.abs(across), 1e-9)
    distance: NDArray[np.float64] = np.minimum(rows, columns)
    return distance


def is_slash(parts: Components, inner: int, ring: list[int]) -> bool:
    """Whether what lies in a ring is a straight slanting stroke through most of it: the slash of a zero.

    ring: its pieces. A zero is narrower than a ring that is drawn around a 1.
    """
    largest = max(ring, key=lambda index: int(parts.longer[index]))
    rows, columns = parts.places_of([inner])
    (_, _), (first, second), angle = cv2.minAreaRect(np.stack([columns, rows], axis=1).astype(np.int32))
    slant = abs((angle if second >= first else angle + 90) % 180)
    from_upright = min(slant, 180 - slant)
    return bool(
        min(first, second) <= SLASH_WIDTH * max(first, second)
        and max(first, second) >= SLASH_LENGTH * parts.longer[largest]
        and min(parts.width[largest], parts.height[largest]) < ZERO_SHAPE * parts.longer[largest]
        and SLASH_ANGLES[0] <= from_upright <= SLASH_ANGLES[1]
    )


def are_round(parts: Components, indices: list[int]) -> bool:
    """Whether the outline of components is rather a ring's than a frame's: it avoids the corners of its box."""
    rows, columns = parts.places_of(indices)
    places = np.stack([columns, rows], axis=1).astype(np.float32)
    rectangle = cv2.minAreaRect(places)
    gaps = [float(np.hypot(*(places - corner).T).min()) for corner in cv2.boxPoints(rectangle)]
    return bool(np.mean(gaps) > ROUND * max(rectangle[1]))
