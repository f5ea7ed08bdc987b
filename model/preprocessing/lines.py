"""Find straight lines that may be no strokes of a digit: ruled and squared paper, frames, edges.

Segments are found by the probabilistic Hough transform (Matas, Galambos and Kittler, "Robust Detection of Lines Using
the Progressive Probabilistic Hough Transform", 2000), and each is followed to its ends. Only pixels at which the ink
across the line is as narrow as the line belong to it: where a stroke crosses, the ink is wider, and is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# Lengths are shares of the page's shorter side.
MIN_LENGTH = 0.3
MAX_GAP = 0.04
MAX_WIDTH = 0.11
MIN_SLENDERNESS = 5.0  # length over width
MIN_COVERAGE = 0.8  # share of a line's length that is inked, and of an end that reaches the border
MIN_CLEAR = 0.3  # share of its inked length where the ink is as narrow as the line
WIDER = 1.7  # times the line's width; ink that is wider across belongs to a stroke
NEAR = 2  # pixels from a line within which its ink lies
CLOSE = 7  # pixels to either side of a long line that are looked at first, as most lines are narrow
LONG = 10_000  # pixels beside a line, from which that saves time
MIN_FITTED = 4  # positions
AT_BORDER = 4  # pixels from the border at which a line has reached it
MAX_SEGMENTS, MAX_LINES = 1_000, 100  # that are looked at, and of these followed: no page costs too much time

NO_SEGMENTS = np.zeros((0, 2, 2))

Point = NDArray[np.float64]  # x and y


@dataclass(frozen=True, eq=False)
class Line:
    """A straight line on a page.

    first, last: its ends; width: in pixels; reaches_border: whether each end does; rows, columns: int (M,), the pixels
    that are only the line's.
    """

    first: Point
    last: Point
    width: float
    reaches_border: tuple[bool, bool]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @cached_property
    def length(self) -> float:
        """In pixels."""
        return float(np.hypot(*(self.last - self.first)))

    @cached_property
    def direction(self) -> Point:
        """The unit vector from the first end to the last."""
        return (self.last - self.first) / self.length


class Profile(NamedTuple):
    """The ink across a line at N positions along it.

    t: float (N,), the positions, in pixels from the line's middle; inked: bool (N,), whether there is ink near the
    line; low, high: int (N,), the offsets of the first and the last pixel of that ink.
    """

    t: NDArray[np.float64]
    inked: NDArray[np.bool_]
    low: NDArray[np.intp]
    high: NDArray[np.intp]

    @property
    def width(self) -> NDArray[np.intp]:
        """Of the ink at each position, in pixels."""
        return self.high - self.low + 1


def find_lines(
    page: NDArray[np.bool_],
    max_width: float = MAX_WIDTH,
    side: float | None = None,
    further: NDArray[np.float64] = NO_SEGMENTS,
) -> list[Line]:
    """The thin straight lines in a mask of ink bool (H, W). max_width: a share of the shorter side.

    side: pixels that stand for the shorter side where lengths are shares of it, None for the page's own; further:
    segments (N, 2, 2), x and y of both ends, that are looked at besides those of the transform.
    """
    mask = page.astype(np.uint8)
    side = side or float(min(mask.shape))
    widest = max(3, round(max_width * side))
    segments = cv2.HoughLinesP(
        without_wide_ink(mask, widest + 2), rho=1, theta=np.pi / 360, threshold=max(8, round(0.2 * side)),
        minLineLength=MIN_LENGTH * side, maxLineGap=max(2, round(MAX_GAP * side)),
    )  # fmt: skip
    found = NO_SEGMENTS if segments is None else segments.reshape(-1, 2, 2)[:MAX_SEGMENTS].astype(np.float64)
    lines: list[Line] = []
    covered = np.zeros(mask.shape, bool)
    tried = 0
    for first, last in np.concatenate([found, further]):
        columns, rows = np.rint(np.linspace(first, last, 20)).astype(np.intp).T
        if covered[rows, columns].mean() > 0.5:
            continue  # the transform finds a line as often as it is pixels wide
        tried += 1
        if tried > MAX_LINES:
            break
        line = follow(mask, first, last, widest, side)
        if line is not None:
            covered[line.rows, line.columns] = True
            lines.append(line)
    return lines


def without_wide_ink(mask: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The mask uint8 (H, W), 0 or 1, without what is wide enough for a square."""
    wide = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((side, side), np.uint8), borderValue=0)
    thin: NDArray[np.uint8] = mask & ~wide
    return thin


def follow(mask: NDArray[np.uint8], first: Point, last: Point, widest: int, side: float) -> Line | None:
    """Follow a line from a segment in both directions to where its ink ends; None if it is no thin straight line."""
    gap = max(2, round(MAX_GAP * side))
    middle, half = (first + last) / 2, float(np.hypot(*(last - first))) / 2
    direction = (last - first) / (2 * half)
    for _ in range(2):  # the segment is accurate to a pixel and half a degree; its ink is more so
        fitted = fit(across(mask, middle, direction, widest, half))
        if fitted is None:
            return None
        shift, slope = fitted
        normal = normal_of(direction)
        middle, direction = middle + shift * normal, direction + slope * normal
        direction /= np.hypot(*direction)
    profile = across(mask, middle, direction, widest, float(sum(mask.shape)))
    begin, end = extent(profile.inked, int(np.argmin(np.abs(profile.t))), gap)
    inked, widths = profile.inked[begin:end], profile.width[begin:end]
    if end - begin < MIN_LENGTH * side or inked.mean() < MIN_COVERAGE:
        return None
    reaches_border = (begin <= AT_BORDER, len(profile.t) - end <= AT_BORDER)
    eighth = -(-len(inked) // 8)
    for reaches, outer in zip(reaches_border, (inked[:eighth], inked[-eighth:]), strict=True):
        if reaches and outer.mean() < MIN_COVERAGE:
            return None  # a stroke that only seems to go on to the border, over specks
    width = typical(widths[inked])
    narrow = inked & (widths <= WIDER * width + 1)
    if width > widest or end - begin < MIN_SLENDERNESS * width or narrow.sum() < MIN_CLEAR * inked.sum():
        return None
    rows, columns = pixels_of(mask, profile, slice(begin, end), narrow, middle, direction)
    start, stop = middle + profile.t[begin] * direction, middle + profile.t[end - 1] * direction
    return Line(start, stop, width, reaches_border, rows, columns)


def normal_of(direction: Point) -> Point:
    """The unit vector across a line."""
    return np.array([-direction[1], direction[0]])


def typical(widths: NDArray[np.intp]) -> float:
    """The width of a line that strokes cross here and there: the 30th percentile of its widths."""
    return float(np.sort(widths)[int(0.3 * len(widths))])


def fit(profile: Profile) -> tuple[float, float] | None:
    """Offset and slope of the straight line through the middle of the ink where it is narrow; None if there is none."""
    if np.count_nonzero(profile.inked) < MIN_FITTED:
        return None
    used = profile.inked & (profile.width <= WIDER * typical(profile.width[profile.inked]) + 1)
    t, offset = profile.t[used], (profile.low + profile.high)[used] / 2
    mean = float(t.mean())
    slope = float((t - mean) @ offset / ((t - mean) @ (t - mean)))
    return float(offset.mean()) - slope * mean, slope


def across(mask: NDArray[np.uint8], middle: Point, direction: Point, widest: int, reach: float) -> Profile:
    """The ink across a line at each pixel of its way through the page, up to `reach` pixels from its middle."""
    height, width = mask.shape
    far = 2 * widest + 2
    reach = min(reach, float(height + width))
    t = np.arange(-np.floor(reach), np.floor(reach) + 1)
    x, y = middle[:, None] + direction[:, None] * t
    on_page = (x > -1) & (x < width) & (y > -1) & (y < height)
    places, normal = np.stack([x, y])[:, on_page].astype(np.float32), normal_of(direction).astype(np.float32)
    near = CLOSE if far * places.shape[1] > LONG else far
    inked, low, high = ink_across(mask, places, normal, near)
    beyond = np.flatnonzero(inked & ((low <= -near) | (high >= near)))
    if near < far and len(beyond):
        _, low[beyond], high[beyond] = ink_across(mask, places[:, beyond], normal, far)
    return Profile(t[on_page], inked, low, high)


def ink_across(
    mask: NDArray[np.uint8], places: NDArray[np.float32], normal: NDArray[np.float32], far: int
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
    """The ink nearest to each of N places, x and y, float32 (2, N), within `far` pixels along the normal, (2,).

    Returns whether there is any, bool (N,), and the offsets of its first and its last pixel, each int (N,).
    """
    offsets = np.arange(-far, far + 1, dtype=np.float32)
    x, y = (one[:, None] + offsets * step for one, step in zip(places, normal, strict=True))
    ink = cv2.remap(mask, x, y, cv2.INTER_NEAREST) > 0
    center, inked = np.full(len(ink), far, np.int16), np.zeros(len(ink), bool)
    for offset in sorted(range(-NEAR, NEAR + 1), key=abs):
        found = ink[:, far + offset] & ~inked
        center[found] = far + offset
        inked |= found
    index = np.arange(2 * far + 1, dtype=np.int16)
    below, above = slice(far + NEAR), slice(far - NEAR + 1, None)  # of any center
    low = np.where(~ink[:, below] & (index[below] < center[:, None]), index[below], np.int16(-1)).max(axis=1) + 1
    high = (
        np.where(~ink[:, above] & (index[above] > center[:, None]), index[above], np.int16(2 * far + 1)).min(axis=1) - 1
    )
    return inked, (low - far).astype(np.intp), (high - far).astype(np.intp)


def extent(inked: NDArray[np.bool_], start: int, gap: int) -> tuple[int, int]:
    """The first index of ink and one past the last that can be reached from `start` over gaps of up to `gap`."""
    places = np.flatnonzero(inked)
    if not len(places):
        return start, start
    nearest = int(np.argmin(np.abs(places - start)))
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    begin = breaks[breaks < nearest].max(initial=-1) + 1
    end = breaks[breaks >= nearest].min(initial=len(places) - 1)
    return int(places[begin]), int(places[end]) + 1


def pixels_of(
    mask: NDArray[np.uint8], profile: Profile, part: slice, narrow: NDArray[np.bool_], middle: Point, direction: Point
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the pixels of a line where it is narrow, and one beside them for its soft edge."""
    t, low, high = profile.t[part][narrow], profile.low[part][narrow], profile.high[part][narrow]
    if not len(t):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    offsets = np.arange(low.min() - 1, high.max() + 2)
    chosen = (offsets >= low[:, None] - 1) & (offsets <= high[:, None] + 1)
    places = middle + t[:, None, None] * direction + offsets[None, :, None] * normal_of(direction)
    columns, rows = np.floor(places[chosen] + 0.5).astype(np.intp).T  # `rint` would leave out every second half
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    return rows[inside], columns[inside]
