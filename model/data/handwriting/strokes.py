"""Strokes: what a pen writes, as a few points through which a curve goes. The alphabet of the forms in this folder.

A point is (x, y): x from 0 at the left to 1 at the right, y from 0 at the top to 1 at the base line. A stroke is a list
of points, joined by a smooth curve. A point that comes twice in a row is a corner. So pieces that share an end can be
added: `bent(a, b) + smooth(b, c, d)` goes straight to b, turns there sharply, and goes on in a curve.

A form is one way to write a character: a function that draws its measures at random and returns its strokes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Point = tuple[float, float]
Stroke = list[Point]
Strokes = list[Stroke]
Uniform = Callable[[float, float], float]  # a number between two bounds: `numpy.random.Generator.uniform`
Form = Callable[[Uniform], Strokes]

RING_POINTS = 6  # on a full turn; more would make it a polygon when each is off a little


def smooth(*points: Point) -> Stroke:
    """A curve through the points."""
    return list(points)


def bent(*points: Point) -> Stroke:
    """Straight lines from point to point."""
    return [points[0], *(point for corner in points[1:-1] for point in (corner, corner)), points[-1]]


def ring(x: float, y: float, wide: float, high: float, start: float = 0, turn: float = 360) -> Stroke:
    """A part of an ellipse about (x, y) with half-axes `wide` and `high`, anticlockwise.

    start, turn: degrees, from the top on; a turn above 360 overlaps its beginning, a negative one goes clockwise.
    """
    count = max(3, math.ceil(abs(turn) / 360 * RING_POINTS) + 1)
    angles = [math.radians(start + turn * i / (count - 1)) for i in range(count)]
    return [(x - wide * math.sin(angle), y - high * math.cos(angle)) for angle in angles]


def between(first: Point, last: Point, share: float) -> Point:
    """The point at a share, 0–1, of the way from first to last; beyond them with a share outside 0–1."""
    return first[0] + (last[0] - first[0]) * share, first[1] + (last[1] - first[1]) * share


def fixed(*strokes: Stroke) -> Form:
    """A form without measures of its own: the pen alone varies it."""
    return lambda uniform: list(strokes)
