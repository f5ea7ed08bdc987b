"""What the reader says of a page: its numbers, their digits, and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.preprocessing.decoding.page import Box


class ReadDigit(NamedTuple):
    """One digit of a number.

    digit: 0–9; confidence: probability, 0–1, that the number has this digit at this place; box: in the picture as it
    was sent; pixels: uint8 (32, 32), white ink on black, what the network saw.
    """

    digit: int
    confidence: float
    box: Box
    pixels: NDArray[np.uint8]


class Alternative(NamedTuple):
    """Another text that the same ink may be, and its probability, 0–1."""

    text: str
    confidence: float


class Number(NamedTuple):
    """One number on a page.

    text: its digits, "0" to "9"; confidence: calibrated probability, 0–1, that all of them are right; accepted: False
    if it should not be used without a person's look; reason: why not, `low-confidence`, `not-a-digit`, `other-ink` or
    `wrong-length`, None if accepted; box: in the picture as it was sent; line: of the page in which it stands, 0 for
    the uppermost; alternatives: the next best texts, the likeliest first.
    """

    text: str
    confidence: float
    accepted: bool
    reason: str | None
    box: Box
    line: int
    digits: list[ReadDigit]
    alternatives: list[Alternative]


class NumbersOnPage(NamedTuple):
    """The numbers on a page in reading order: top to bottom, left to right."""

    numbers: list[Number]

    @property
    def text(self) -> str:
        """The numbers, joined by blanks, and the lines, joined by line breaks."""
        lines: dict[int, list[str]] = {}
        for number in self.numbers:
            lines.setdefault(number.line, []).append(number.text)
        return "\n".join(" ".join(texts) for texts in lines.values())
