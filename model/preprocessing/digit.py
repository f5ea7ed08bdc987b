"""Choose the digit among the components of a page's ink, by their size, their place and their shape.

Left out are remains of lines and frames, what touches the border, underlines, rings around the digit, specks and full
stops. Parts of the digit are kept, such as the detached roof of a 5; so is a second digit, which the network refuses.
Whether the page seems to show several digits is noted: ink that stands beside the main component, or is wide and open.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.preprocessing.components import Components, components_of
from model.preprocessing.rings import are_round, inside_rings
from model.preprocessing.structure import BAND

BORDER_WEIGHT, DEBRIS_WEIGHT = 0.25, 0.01  # by which the area of what touches the border, and of debris, counts
# Shares of the page's shorter side:
DEBRIS = 0.12  # what touches an erased line and is shorter is debris of it
LONG_PIECE, EDGE = 0.3, 0.12  # so long a piece of a frame, so near to the border, is no digit even if it is alone
SLENDER = 0.4  # thickness over length of a straight piece of a frame, at most
TOOTH = 0.2  # width over height of a comb's tooth, at most
LINE_WIDTHS = 1.5  # times the widest line that was erased: what is as thin is a piece of one
CUT_SIDE = 0.7  # a digit that touches the border and is smaller is cut by it; a larger one fills its page
CUT_CONTACT = 0.2  # of the digit's longer side, along which it touches the border
# Shares of the main component's area:
MIN_SHARE = 0.06  # smaller components are specks
SECOND_SHARE = 0.25  # a component of that size is a second digit
# Shares of the main component's longer side:
NEAR = 0.25  # a part of the digit is no farther away
STOP_SIDE, STOP_GAP = 0.35, 0.03  # a full stop is smaller than the first, and farther away than the second
STOP_FILL = 0.3  # share of its box that a full stop or a comma fills, at least
UNDERLINE_SHAPE = 2.5  # width over height of an underline, at least
UNDERLINE_WIDTH, UNDERLINE_GAP = 0.6, 0.04  # of the width of what is above it, and of its height, at least
NEIGHBOUR_HEIGHT, NEIGHBOUR_AREA = 0.5, 0.15  # shares of the main component's that another digit beside it has
NEIGHBOUR_LEVEL = 0.5  # share of the lower one's height at which both have ink, at least
NEIGHBOUR_OVERLAP = 0.2  # share of the narrower one's width that lies above or below the other, at most
WIDE, WIDE_FILL = 1.3, 0.55  # width over height of digits that touch, at least; the share of their box that they fill


class Digit(NamedTuple):
    """The components that are the digit.

    kept: bool (H, W); stray: the share, 0–1, of ink beside it that is no speck; has_ring: whether a ring was drawn
    around it; is_cut: whether the page's border cuts it, though there is room for it on the page; is_one_of_several:
    whether another digit beside it was left out; shows_several: whether that is so, or the kept ones look like several
    digits: if the network refuses them, this is why.
    """

    kept: NDArray[np.bool_]
    stray: float
    has_ring: bool
    is_cut: bool
    is_one_of_several: bool
    shows_several: bool


def digit_of(mask: NDArray[np.bool_], erased: NDArray[np.bool_], line_width: float) -> Digit | None:
    """The digit in a mask of ink bool (H, W), from which the lines `erased` were taken; None if there is none.

    line_width: of the widest of these lines, in pixels, 0 if there are none.
    """
    parts = components_of(mask)
    if not len(parts.area):
        return None
    at_border = touches_border(parts, mask.shape)
    debris = debris_among(parts, erased, line_width)
    weight: NDArray[np.float64] = (
        np.where(at_border, BORDER_WEIGHT, 1.0) * np.where(debris, DEBRIS_WEIGHT, 1.0) * parts.area
    )
    main, rings = inside_rings(parts, main_component(parts, weight))
    debris[rings] = True
    is_long = parts.longer >= LONG_PIECE * min(mask.shape)
    if debris[main] and (erased.any() or (is_long[main] and frame_pieces(parts, mask.shape, EDGE)[main])):
        return None
    others = ~debris & ~are_underlines(parts, main) & (parts.area >= MIN_SHARE * parts.area[main])
    kept = with_parts(parts, main, others & (~at_border | at_border[main]))
    beside = parts.area[others & ~at_border & ~kept].sum()
    stray = float(beside / (beside + parts.area[kept].sum()))
    digit = parts.mask_of(kept)
    neighbours = others & ~at_border & are_neighbours(parts, main)
    return Digit(
        digit,
        stray,
        has_ring=bool(rings) and are_round(parts, rings),
        is_cut=is_cut(digit),
        is_one_of_several=bool((neighbours & ~kept).any()),
        shows_several=bool(neighbours.any()) or is_wide(parts, kept),
    )


def is_cut(digit: NDArray[np.bool_]) -> bool:
    """Whether a digit bool (H, W) that is small on its page touches the border with more than a stroke's end."""
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    side = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    borders = (digit[:2].any(axis=0), digit[-2:].any(axis=0), digit[:, :2].any(axis=1), digit[:, -2:].any(axis=1))
    contact = max(int(np.count_nonzero(border)) for border in borders)
    return bool(side < CUT_SIDE * min(digit.shape) and contact > CUT_CONTACT * side)


def touches_border(parts: Components, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which components touch the border of the page (H, W), or nearly: bool (P,)."""
    height, width = shape
    result: NDArray[np.bool_] = (
        (parts.left <= 1) | (parts.top <= 1) | (parts.right >= width - 1) | (parts.bottom >= height - 1)
    )
    return result


def debris_among(parts: Components, erased: NDArray[np.bool_], line_width: float) -> NDArray[np.bool_]:
    """Which components are remains of lines and frames: bool (P,)."""
    is_thin = parts.area <= (LINE_WIDTHS * line_width + 1) * parts.longer
    beside = parts.beside(erased)
    debris = beside & (parts.longer < DEBRIS * min(erased.shape))
    debris |= frame_pieces(parts, erased.shape, BAND) & (is_thin | (line_width == 0))
    thin = beside & is_thin  # a piece of a line, if there is a digit beside it
    longest = np.max(parts.longer, where=~thin & ~debris, initial=0)
    is_comb = not longest and np.count_nonzero(thin) > 1 and bool((are_upright(parts) | ~thin).all())  # teeth on a line
    result: NDArray[np.bool_] = debris | (thin & (is_comb | (parts.longer <= 2 * longest)))
    return result


def are_upright(parts: Components) -> NDArray[np.bool_]:
    """Which components are high and narrow: bool (P,)."""
    result: NDArray[np.bool_] = parts.width <= TOOTH * parts.height
    return result


def frame_pieces(parts: Components, shape: tuple[int, ...], share: float) -> NDArray[np.bool_]:
    """Which components are straight, and lie along the border of the page (H, W), within a share of it: bool (P,)."""
    height, width = shape
    band = share * min(shape)
    level = (parts.height <= SLENDER * parts.width) & ((parts.bottom <= band) | (parts.top >= height - band))
    upright = (parts.width <= SLENDER * parts.height) & ((parts.right <= band) | (parts.left >= width - band))
    result: NDArray[np.bool_] = level | upright
    return result


def main_component(parts: Components, weight: NDArray[np.float64]) -> int:
    """The component of the largest weight (P,); if that is an underline, the largest above it."""
    main = int(np.argmax(weight))
    above = [i for i in np.flatnonzero(weight > 0.1 * weight[main]).tolist() if are_underlines(parts, i)[main]]
    return max(above, key=lambda i: float(weight[i]), default=main)


def are_underlines(parts: Components, main: int) -> NDArray[np.bool_]:
    """Which components are wide and low, and lie below the main one: bool (P,)."""
    is_low = parts.width >= UNDERLINE_SHAPE * parts.height
    is_long = parts.width >= UNDERLINE_WIDTH * parts.width[main]
    is_below = parts.top >= parts.bottom[main] + UNDERLINE_GAP * parts.height[main]
    result: NDArray[np.bool_] = is_low & is_long & is_below
    return result


def are_neighbours(parts: Components, main: int) -> NDArray[np.bool_]:
    """Which components stand beside the main one and are about as high, as another digit of a number is: bool (P,)."""
    level = np.minimum(parts.bottom, parts.bottom[main]) - np.maximum(parts.top, parts.top[main])
    overlap = np.minimum(parts.right, parts.right[main]) - np.maximum(parts.left, parts.left[main])
    result: NDArray[np.bool_] = (
        (parts.height >= NEIGHBOUR_HEIGHT * parts.height[main])
        & (parts.area >= NEIGHBOUR_AREA * parts.area[main])
        & (level >= NEIGHBOUR_LEVEL * np.minimum(parts.height, parts.height[main]))
        & (overlap <= NEIGHBOUR_OVERLAP * np.minimum(parts.width, parts.width[main]))
    )
    return result  # not the main one itself, which overlaps itself


def is_wide(parts: Components, kept: NDArray[np.bool_]) -> bool:
    """Whether the kept components, bool (P,), are together wider than a digit, and no blot or dash."""
    width = parts.right[kept].max() - parts.left[kept].min()
    height = parts.bottom[kept].max() - parts.top[kept].min()
    return bool(width >= WIDE * height and parts.area[kept].sum() <= WIDE_FILL * width * height)


def with_parts(parts: Components, main: int, others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The main component and those of the others, bool (P,), that are parts of the digit or a second one: bool (P,)."""
    kept = np.zeros(len(parts.area), bool)
    kept[main] = True
    longest = parts.longer[main]
    for i in np.argsort(-parts.area):
        if kept[i] or not others[i]:
            continue
        across = max(parts.left[i] - parts.right[kept].max(), parts.left[kept].min() - parts.right[i], 0)
        down = max(parts.top[i] - parts.bottom[kept].max(), parts.top[kept].min() - parts.bottom[i], 0)
        gap = max(across, down)
        is_solid = parts.area[i] > STOP_FILL * parts.width[i] * parts.height[i]
        is_low = across > 0 and parts.top[i] > (parts.top[main] + parts.bottom[main]) / 2
        if (is_solid or is_low) and parts.longer[i] < STOP_SIDE * longest and gap > STOP_GAP * longest:
            continue  # a full stop or a comma
        kept[i] = gap <= NEAR * longest or parts.area[i] >= SECOND_SHARE * parts.area[main]
    return kept
