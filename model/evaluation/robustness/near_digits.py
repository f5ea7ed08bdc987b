"""What is no digit but near one, or lies where one is expected: each must be refused.

Handwritten letters and signs, half digits, digits in a circle, crossed out or joined, dots, empty frames and papers.
A ring is none of these: it is a zero.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.random import Generator

from model.data.handwriting.letters import LETTERS
from model.data.handwriting.signs import SIGNS
from model.data.written import written
from model.evaluation.robustness.beside import dust, salt_and_pepper, sheet, written_on
from model.evaluation.robustness.canvas import Place, disc, drawn, line, placed, ring, shot
from model.evaluation.robustness.conditions import Build, Condition, Kind
from model.evaluation.robustness.frames import box, cell, comb, line_at_the_edge
from model.evaluation.robustness.hands import by_hand
from model.evaluation.robustness.paint import Ink
from model.evaluation.robustness.papers import dark_sides, desk, dotted, lined

NOTHING = np.zeros((28, 28), np.uint8)


def half(ink: Ink, random: Generator) -> bytes:
    """A half of a digit, which stands alone or is cut by the picture's edge."""
    page = sheet(random)
    height, width = page.shape[:2]
    digit = written(ink, min(height, width) * random.uniform(0.5, 0.7))
    share, side = random.uniform(0.42, 0.55), int(random.integers(4))
    rows, columns = round(share * digit.shape[0]), round(share * digit.shape[1])
    part = (digit[:, :columns], digit[:rows], digit[:, -columns:], digit[-rows:])[side]  # left, upper, right, lower
    left, top = (width - part.shape[1]) * random.uniform(0.3, 0.7), (height - part.shape[0]) * random.uniform(0.3, 0.7)
    if random.random() < 0.5:
        left, top = (
            (width - part.shape[1], top), (left, height - part.shape[0]), (0.0, top), (left, 0.0),
        )[side]  # fmt: skip
    return shot(drawn(page, random, placed(part, (height, width), left, top)), random, 0.3)


def circled(ink: Ink, random: Generator) -> bytes:
    """A digit with a ring around it by the same pen; it is read, but not accepted: the ring may be a zero."""
    page = sheet(random)
    digit, (left, top, right, bottom) = written_on(page, ink, random)
    radius = np.hypot(right - left, bottom - top) / 2 * random.uniform(1.05, 1.4)
    radii = radius * random.uniform(0.9, 1.12, 2)
    around = ring(
        page.shape[:2],
        ((left + right) / 2, (top + bottom) / 2),
        radii,
        page.shape[0] * random.uniform(0.01, 0.03),
        random,
    )
    return shot(drawn(page, random, digit, around), random, 0.3)


def crossed_out(ink: Ink, random: Generator) -> bytes:
    """A digit under a cross, under two to four lines, or under a zigzag by the same pen."""
    page = sheet(random)
    digit, (left, top, right, bottom) = written_on(page, ink, random)
    height, more = page.shape[0], max(0.1 * (right - left), 0.06 * page.shape[0])

    def at(x: float, y: float) -> Place:
        off_x, off_y = random.uniform(-0.03, 0.03, 2) * height
        return left - more + x * (right - left + 2 * more) + off_x, top + y * (bottom - top) + off_y

    kind, width = random.integers(3), height * random.uniform(0.01, 0.028)
    if kind == 0:
        pairs = [(at(0, 0), at(1, 1)), (at(1, 0), at(0, 1))]
    elif kind == 1:
        pairs = [(at(0, y), at(1, y)) for y in random.uniform(0.15, 0.85, random.integers(2, 5))]
    else:
        count = int(random.integers(4, 9))
        pairs = list(pairwise(at(step / count, step % 2) for step in range(count + 1)))
    lines = [line(page.shape[:2], start, end, width) for start, end in pairs]
    return shot(drawn(page, random, digit, *lines), random, 0.3)


def joined(ink: Ink, random: Generator) -> bytes:
    """The digit twice, written so close that the two touch."""
    page = sheet(random)
    height, width = page.shape[:2]
    first = written(ink, height * random.uniform(0.3, 0.45))
    second = written(ink, len(first) * random.uniform(0.85, 1.15))
    step = first.shape[1] - max(3, round(0.12 * first.shape[1]))
    left, top = (width - step - second.shape[1]) / 2, (height - len(first)) * random.uniform(0.3, 0.7)
    marks = (placed(first, (height, width), left, top), placed(second, (height, width), left + step, top))
    return shot(drawn(page, random, *marks), random, 0.3)


def dot(ink: Ink, random: Generator) -> bytes:
    """A dot, a disc, a level dash or a filled rectangle, a hundredth to a third of the page high."""
    page = sheet(random)
    shape = page.shape[:2]
    x, y = random.uniform(0.4, 0.6, 2) * (shape[1], shape[0])
    size = shape[0] * random.uniform(0.01, 0.32)
    if random.random() < 0.6:
        return shot(drawn(page, random, disc(shape, (x, y), size)), random, 0.3)
    long = size * random.uniform(0.5, 2.5)
    return shot(drawn(page, random, line(shape, (x - long, y), (x + long, y), size / 2)), random, 0.3)


def empty(*builds: Build) -> Build:
    """One of the conditions without a digit."""
    return lambda ink, random: builds[random.integers(len(builds))](NOTHING, random)


LETTER_FORMS = [form for forms in LETTERS.values() for form in forms]
EMPTY_PAPERS = (lined(False), lined(True), dotted, desk, dark_sides, dust, salt_and_pepper)

NEAR_DIGITS = (
    Condition("hand letters", Kind.NO_DIGIT, by_hand(LETTER_FORMS)),
    Condition("signs", Kind.NO_DIGIT, by_hand(list(SIGNS.values()))),
    Condition("half digits", Kind.NO_DIGIT, half, labels=(2, 3, 5)),  # halves of others may be digits, such as a 1
    Condition("circled digits", Kind.NO_DIGIT, circled),
    Condition("crossed out", Kind.NO_DIGIT, crossed_out),
    Condition("joined digits", Kind.NO_DIGIT, joined, labels=(0, 2, 3, 4, 5, 6, 7, 8, 9)),  # two 1 may be one
    Condition("dots, discs, dashes", Kind.NO_DIGIT, dot),
    Condition("empty frames", Kind.NO_DIGIT, empty(cell, line_at_the_edge, box, comb)),
    Condition("empty papers", Kind.NO_DIGIT, empty(*EMPTY_PAPERS)),
)
