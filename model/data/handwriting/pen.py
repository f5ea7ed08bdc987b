"""The pen: it writes the strokes of a form as a hand does, never twice alike.

A style gives the ranges, a hand is drawn from them for each character, and `write` returns its ink. Random numbers come
from one numpy generator, so that a seed fixes all.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.data.handwriting.strokes import Form, Stroke

Line = NDArray[np.float64]  # (P, 2): points x, y along a stroke, close together
Range = tuple[float, float]

SAMPLES = 12  # points between two control points of a curve
SPACING = 0.03  # distance of a line's points, in heights of the character
SUPERSAMPLING = 3  # the page is drawn this many times as large and reduced, so that edges are soft
FILL = 0.8  # share of the page that the character's longer side takes


@dataclass(frozen=True)
class Style:
    """From which ranges (low, high) a hand is drawn. Lengths are in heights of the character."""

    slant: Range = (-0.25, 0.4)  # columns a row; above 0 it leans to the right
    aspect: Range = (0.5, 0.95)  # width over height
    rotation: Range = (-8, 8)  # degrees
    jitter: Range = (0.005, 0.035)  # standard deviation by which control points are off
    bend: Range = (0, 0.05)  # amplitude of a slow wave that bends the whole character
    tremor: Range = (0, 0.008)  # standard deviation of a fast wave along a stroke
    haste: Range = (0, 3.5)  # points over which a line is averaged: corners become round
    width: Range = (0.05, 0.17)  # of the pen
    pressure: Range = (0, 0.3)  # by which share the width varies along a stroke
    overshoot: Range = (-0.04, 0.06)  # by which a stroke's ends are too long, or too short
    gaps: float = 0.06  # share of the characters in whose strokes the pen leaves a gap


@dataclass(frozen=True)
class Hand:
    """One draw from a style: the values are those of `Style`, shape is (2, 2), which strokes are multiplied by."""

    shape: NDArray[np.float64]
    jitter: float
    bend: float
    tremor: float
    haste: float
    width: float
    pressure: float
    overshoot: Range


def hand_of(style: Style, random: Generator) -> Hand:
    """Draw a hand from the style."""
    turn, slant, aspect = (random.uniform(*values) for values in (style.rotation, style.slant, style.aspect))
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return Hand(
        shape=np.array([[cos, -sin], [sin, cos]]) @ np.array([[aspect, -slant], [0, 1]]),
        jitter=random.uniform(*style.jitter),
        bend=random.uniform(*style.bend),
        tremor=random.uniform(*style.tremor),
        haste=random.uniform(*style.haste),
        width=random.uniform(*style.width),
        pressure=random.uniform(*style.pressure),
        overshoot=style.overshoot,
    )


def write(form: Form, random: Generator, style: Style, side: int = 64) -> NDArray[np.uint8]:
    """Write a character in the middle of a black page, in white ink with soft edges: uint8 (side, side)."""
    hand = hand_of(style, random)
    lines = [traced(stroke, hand, random) for stroke in form(random.uniform)]
    lines = bent_alike(lines, hand.bend, random)
    widths = [pressed(len(line), hand, random) for line in lines]
    if random.random() < style.gaps:
        lines, widths = interrupted(lines, widths, random)
    return inked(lines, widths, side)


def traced(stroke: Stroke, hand: Hand, random: Generator) -> Line:
    """Follow a stroke as this hand does: off its points, in round corners, trembling, too far or not far enough."""
    points = np.array(stroke)
    off = random.normal(0, hand.jitter, points.shape)
    is_corner = (points[1:] == points[:-1]).all(axis=1)
    off[1:][is_corner] = off[:-1][is_corner]
    points = (points + off - 0.5) @ hand.shape.T
    pieces = np.split(points, np.flatnonzero(is_corner) + 1)
    line = resampled(np.concatenate([basis(len(piece)) @ piece for piece in pieces if len(piece) > 1]))
    line = averaged(line, hand.haste)
    line += waves(len(line), hand.tremor, random)
    first, last = random.uniform(*hand.overshoot, 2).tolist()
    return extended(extended(line, last)[::-1], first)[::-1]


@functools.cache
def basis(count: int) -> NDArray[np.float64]:
    """The weights (P, count) of `count` control points in the P points of a Catmull-Rom spline through them.

    Source: Catmull and Rom, "A Class of Local Interpolating Splines", 1974. The ends are continued straight.
    """
    t = np.arange(SAMPLES)[:, None] / SAMPLES
    blend = np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    padded = np.zeros((count + 2, count))  # the control points with one more at each end, mirrored
    padded[1:-1] = np.eye(count)
    padded[0, :2], padded[-1, -2:] = (2, -1), (-1, 2)
    weights = [blend @ padded[i : i + 4] for i in range(count - 1)]
    return np.vstack([*weights, np.eye(count)[-1:]])


def resampled(line: Line) -> Line:
    """The line with its points SPACING apart."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    way = np.concatenate([[0], np.cumsum(steps)])
    places = np.linspace(0, way[-1], max(2, math.ceil(way[-1] / SPACING) + 1))
    return np.stack([np.interp(places, way, line[:, 0]), np.interp(places, way, line[:, 1])], axis=1)


def averaged(line: Line, haste: float) -> Line:
    """Average the line's points with their neighbours, up to `haste` points away; its ends stay."""
    reach = min(round(haste), (len(line) - 1) // 2)
    if reach < 1:
        return line
    padded = np.concatenate([2 * line[0] - line[reach:0:-1], line, 2 * line[-1] - line[-2 : -reach - 2 : -1]])
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), padded]), axis=0)
    smooth: Line = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1)
    return smooth


def waves(count: int, amplitude: float, random: Generator) -> Line:
    """A tremor: noise (count, 2) that is smooth over about four points."""
    noise = random.normal(0, amplitude, (count // 4 + 2, 2))
    places = np.arange(count) / 4
    return np.stack([np.interp(places, np.arange(len(noise)), noise[:, axis]) for axis in (0, 1)], axis=1)


def extended(line: Line, length: float) -> Line:
    """The line with its end moved on by `length` in its direction, or cut if that is negative; half of it stays."""
    if length <= 0:
        return line[: max(2, len(line) // 2, len(line) - round(-length / SPACING))]
    direction = line[-1] - line[-min(4, len(line))]
    size = math.hypot(*direction)
    return np.concatenate([line, line[-1:] + direction * (length / size)]) if size else line


def bent_alike(lines: list[Line], amplitude: float, random: Generator) -> list[Line]:
    """Bend all lines by the same slow wave across and another along the character."""
    frequency = random.uniform(2, 5, (2, 2))
    phase = random.uniform(0, 2 * math.pi, 2)
    return [line + amplitude * np.sin(line @ frequency + phase) for line in lines]


def pressed(count: int, hand: Hand, random: Generator) -> NDArray[np.float64]:
    """The pen's width (count,) at each point of a line: it varies slowly, as speed and pressure do."""
    shares = random.uniform(1 - hand.pressure, 1 + hand.pressure / 2, 4)
    widths: NDArray[np.float64] = hand.width * np.interp(np.linspace(0, 3, count), np.arange(4), shares)
    return widths


def interrupted(
    lines: list[Line], widths: list[NDArray[np.float64]], random: Generator
) -> tuple[list[Line], list[NDArray[np.float64]]]:
    """Lift the pen over a short way of the longest line, so that a gap of up to a pen's width stays."""
    longest = max(range(len(lines)), key=lambda i: len(lines[i]))
    line, width = lines[longest], widths[longest]
    gap = round(float(width[0]) * random.uniform(1.1, 2) / SPACING)
    start = round(len(line) * random.uniform(0.25, 0.75)) - gap // 2
    if start < 2 or start + gap > len(line) - 2:
        return lines, widths
    parts = [slice(None, start), slice(start + gap, None)]
    others = [i for i in range(len(lines)) if i != longest]
    return [*(line[part] for part in parts), *(lines[i] for i in others)], [
        *(width[part] for part in parts), *(widths[i] for i in others)
    ]  # fmt: skip


def inked(lines: list[Line], widths: list[NDArray[np.float64]], side: int) -> NDArray[np.uint8]:
    """Draw lines (P, 2) with their widths (P,), scaled to the page: uint8 (side, side), white on black."""
    points, radius = np.concatenate(lines), np.concatenate(widths)[:, None] / 2
    low, high = (points - radius).min(axis=0), (points + radius).max(axis=0)
    large = side * SUPERSAMPLING
    scale = FILL * large / float((high - low).max())
    shift = large / 2 - scale * (low + high) / 2
    page = Image.new("L", (large, large))
    draw = ImageDraw.Draw(page)
    for line, width in zip(lines, widths, strict=True):
        places, pens = (line * scale + shift).tolist(), (width * scale).tolist()
        for (x, y), (next_x, next_y), pen in zip(places, places[1:], pens, strict=False):
            if pen < 2 * SPACING * scale:  # else the discs below overlap so far that nothing is missing
                draw.line((x, y, next_x, next_y), 255, max(1, round(pen)))
        for (x, y), pen in zip(places, pens, strict=True):
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), 255)
    return np.asarray(page.reduce(SUPERSAMPLING))
