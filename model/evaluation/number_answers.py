"""What a version answered to a picture whose numbers are known, and how far that is from the truth.

Digits are compared line by line, or all of them if the picture shows one line: where the reader ends a number counts
nowhere. Wrong digits are counted by the edit distance of Levenshtein, "Binary Codes Capable of Correcting Deletions,
Insertions and Reversals", 1966: how many have to be put in, left out or changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.evaluation.folder import BLANK
from model.numbers.result import NumbersOnPage

NO_NUMBER = "no-number"


@dataclass(frozen=True)
class NumberAnswer:
    """The answer to one picture.

    name: the picture's; file: it or its path; text: the digits that it shows, lines joined by line breaks; read: None
    if the page was taken for blank.
    """

    name: str
    file: bytes | Path
    text: str
    read: NumbersOnPage | None

    @property
    def lines(self) -> list[str]:
        """The lines that the picture shows."""
        return self.text.split("\n")

    @property
    def read_lines(self) -> list[str]:
        """The lines that were read, without blanks; all as one if the picture shows one line. None of no number."""
        text = self.read.text.replace(" ", "") if self.read else ""
        lines = text.split("\n") if text else []
        return ["".join(lines)] if lines and len(self.lines) == 1 else lines

    @property
    def is_right(self) -> bool:
        """Whether every line was read right, and none beside them."""
        return self.read_lines == self.lines

    @property
    def right_lines(self) -> int:
        """How many lines were read right, less those that were read and are not there."""
        return max(0, len(self.lines) - edit_distance(self.lines, self.read_lines))

    @property
    def digits(self) -> int:
        """How many digits the picture shows."""
        return sum(map(len, self.lines))

    @property
    def wrong_digits(self) -> int:
        """The edit distance between the digits that the picture shows and those that were read, `digits` at most."""
        return min(self.digits, edit_distance("".join(self.lines), "".join(self.read_lines)))

    @property
    def accepted(self) -> bool:
        """Whether there is a number, and every number is accepted."""
        return self.refusal is None

    @property
    def confidence(self) -> float:
        """The probability that every number is right, 0–1; 0 if there is none."""
        return math.prod(number.confidence for number in self.read.numbers) if self.read and self.read.numbers else 0.0

    @property
    def refusal(self) -> str | None:
        """Why the answer is not accepted, by the first number that is not; None if it is."""
        if self.read is None:
            return BLANK
        if not self.read.numbers:
            return NO_NUMBER
        return next((number.reason for number in self.read.numbers if not number.accepted), None)

    @property
    def is_failure(self) -> bool:
        """Whether the answer is wrong or not accepted."""
        return not (self.is_right and self.accepted)


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """How many items of `first` have to be put in, left out or changed to make it `second`: Levenshtein's distance."""
    before = list(range(len(second) + 1))
    for row, item in enumerate(first, start=1):
        current = [row]
        for column, other in enumerate(second):
            current.append(min(before[column + 1] + 1, current[column] + 1, before[column] + (item != other)))
        before = current
    return before[-1]


def failures(answers: Sequence[NumberAnswer]) -> list[NumberAnswer]:
    """The answers that are wrong or refused, the worst first.

    First what is wrong and accepted; then what is wrong and refused; then what is right and refused. Within each, the
    surest first.
    """
    failed = (answer for answer in answers if answer.is_failure)
    return sorted(failed, key=lambda answer: (answer.is_right, not answer.accepted, -answer.confidence))
