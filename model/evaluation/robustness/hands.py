"""Digits as hands write them that MNIST hardly has: slashed zeros, ones with an upstroke, barred sevens, and more.

The forms are those of `model.data.handwriting`, from which training may draw, too. The hands are not: UNSEEN goes
beyond the style of training in every respect, and each digit is photographed on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.random import Generator

from model.data.handwriting.digits import FORMS
from model.data.handwriting.pen import Style, write
from model.data.handwriting.strokes import Form
from model.evaluation.robustness.canvas import drawn, paper, placed, shot
from model.evaluation.robustness.conditions import Build, Condition, Kind
from model.evaluation.robustness.paint import Ink

UNSEEN = Style(
    slant=(-0.4, 0.5),
    aspect=(0.4, 1.1),
    rotation=(-13, 13),
    jitter=(0.01, 0.045),
    bend=(0.02, 0.07),
    tremor=(0.002, 0.012),
    haste=(0, 4.5),
    width=(0.04, 0.18),
    pressure=(0.1, 0.45),
    overshoot=(-0.05, 0.08),
    gaps=0.1,
)


def by_hand(forms: Sequence[Form]) -> Build:
    """One of the forms, written by a hand of its own on a page of 40 to 300 pixels, and photographed."""

    def build(ink: Ink, random: Generator) -> bytes:
        side = int(random.integers(40, 301))
        form = forms[int(random.integers(len(forms)))]
        page = paper((side, round(side * random.uniform(0.9, 1.3))), random)
        mark = write(form, random, UNSEEN, round(side * random.uniform(0.6, 0.95))).astype(np.float32) / np.float32(255)
        left, top = random.uniform(0, 1, 2) * (page.shape[1] - mark.shape[1], side - len(mark))
        return shot(drawn(page, random, placed(mark, page.shape[:2], left, top)), random, 0.3, max(side / 200, 0.3))

    return build


def named(digit: int, *names: str) -> list[Form]:
    """The forms of the digit with these names."""
    return [FORMS[digit][name] for name in names]


HANDS = (
    Condition("slashed zeros", Kind.HANDS, by_hand(named(0, "slashed", "backslashed", "slashed in one")), labels=(0,)),
    Condition("ones with upstroke", Kind.HANDS, by_hand(named(1, "upstroke", "both")), labels=(1,)),
    Condition("barred sevens", Kind.HANDS, by_hand(named(7, "barred")), labels=(7,)),
)


def many_hands(random: Generator) -> Iterator[tuple[int, bytes]]:
    """Yield pairs of label and JPEG without end: all forms of all digits."""
    builds = [by_hand(list(forms.values())) for forms in FORMS.values()]
    nothing = np.zeros((28, 28), np.uint8)
    while True:
        digit = int(random.integers(10))
        yield digit, builds[digit](nothing, random)
