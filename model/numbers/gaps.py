"""Part a line of writing into numbers: by its wide gaps, and by the sides of printed boxes that stand between.

In a form, each digit has a box of its own, and the boxes of a field are one number. In a table, a box holds a number.
Elsewhere a number ends at a wide gap.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.numbers.text_lines import TextLine

# In heights of the writing:
WIDE_GAP = 1.2  # between two numbers, at least
USUAL_PITCH, WIDE_PITCH = 0.8, 1.5  # from the middle of a digit to that of the next; across a wide gap, at least
WIDER = 1.8  # times the line's usual pitch, at least; a number that is spaced widely is not torn apart
BOX_GAP = 3.0  # between digits in two boxes of one number, at most, unless all are as far apart
FIELD_GAP = 0.3  # by which two fields' boxes are farther apart than a field's own
ONE_DIGIT = 1.4  # widest digit in a box, though it leans
CROSSING = 0.1  # by which a digit in a box crosses its sides, at most; on squared paper, digits cross lines
SAME_BOX = 1.0  # from the middle of a digit to that of the next, if a box holds both
TABLE = 0.5  # of the boxes hold more than one digit, at least


class Stretches:
    """The N stretches of ink on a line from left to right, with a gap after each but the last.

    starts, ends: int (N,), columns, the ends excluded; height: of the writing, in pixels; in heights: gaps, float (N −
    1,), widths and middles, float (N,), walls, float (W,), where the sides of boxes may be; box: int (N,), how many of
    the walls lie to the left of each stretch's middle.
    """

    def __init__(self, line: TextLine) -> None:
        inked = np.flatnonzero(line.mask.any(axis=0))
        after = np.flatnonzero(np.diff(inked) > 1)
        self.starts = inked[np.insert(after + 1, 0, 0)]
        self.ends = inked[np.append(after, len(inked) - 1)] + 1
        self.height = line.height
        self.gaps = (self.starts[1:] - self.ends[:-1]) / line.height
        self.widths = (self.ends - self.starts) / line.height
        self.middles = (self.starts + self.ends) / (2 * line.height)
        self.walls = line.walls / line.height
        self.box = np.searchsorted(self.walls, self.middles)

    @cached_property
    def across(self) -> NDArray[np.float64]:
        """From the middle of the digit before each gap to that of the digit after it: float (N − 1,)."""
        halves = np.minimum(self.widths, USUAL_PITCH) / 2
        result: NDArray[np.float64] = self.gaps + halves[:-1] + halves[1:]
        return result

    @cached_property
    def usual_pitch(self) -> float:
        """The middle one of the distances from digit to digit, across gaps and within stretches.

        How many digits a stretch holds is judged by its width. Of two middle ones it is the smaller; WIDE_PITCH if
        there are not at least two.
        """
        counts = np.maximum(np.rint(self.widths / USUAL_PITCH), 1).astype(int)
        pitches = np.sort(np.concatenate([self.across, np.repeat(self.widths / counts, counts - 1)]))
        return float(pitches[(len(pitches) - 1) // 2]) if len(pitches) > 1 else WIDE_PITCH

    @cached_property
    def are_inside(self) -> bool:
        """Whether each stands between walls, and crosses none."""
        left, right = (self.starts / self.height + CROSSING, self.ends / self.height - CROSSING)
        crosses = np.searchsorted(self.walls, left) < np.searchsorted(self.walls, right)
        return not crosses.any() and bool(self.box[0] > 0 and self.box[-1] < len(self.walls))

    @property
    def are_digits_in_boxes(self) -> bool:
        """Whether each is no wider than a digit and has a box of its own."""
        alone = len(np.unique(self.box)) == len(self.box)
        return self.are_inside and alone and bool((self.widths <= ONE_DIGIT).all())

    @property
    def are_a_table(self) -> bool:
        """Whether they stand in at least two boxes, of which TABLE hold more than one digit."""
        near = (self.box[1:] == self.box[:-1]) & (np.diff(self.middles) < SAME_BOX)
        several = np.unique(np.concatenate([self.box[1:][near], self.box[self.widths > ONE_DIGIT]]))
        boxes = len(np.unique(self.box))
        return self.are_inside and boxes > 1 and len(several) >= TABLE * boxes


def split_at_gaps(line: TextLine) -> list[TextLine]:
    """The numbers on a line, from left to right, with the marks beside them: none if all its ink is too faint."""
    if not line.mask.any():
        return []
    stretches = Stretches(line)
    wide = np.flatnonzero(between_fields(stretches) if stretches.are_digits_in_boxes else between_numbers(stretches))
    starts, ends = stretches.starts[np.insert(wide + 1, 0, 0)], stretches.ends[np.append(wide, len(stretches.ends) - 1)]
    return [part_of(line, max(int(start) - 1, 0), int(end) + 1) for start, end in zip(starts, ends, strict=True)]


def between_numbers(stretches: Stretches) -> NDArray[np.bool_]:
    """Which gaps part numbers: bool (N − 1,). In a table, they are also those in which a side of a box stands.

    Where digits are spaced widely, a narrow one leaves a wider gap. So the middles of digits are compared: across a gap
    that parts numbers they are farther apart than is usual on the line.
    """
    least = max(WIDE_PITCH, WIDER * stretches.usual_pitch)
    wide: NDArray[np.bool_] = (stretches.gaps > WIDE_GAP) & (stretches.across > least)
    return wide | (np.diff(stretches.box) > 0) if stretches.are_a_table else wide


def between_fields(stretches: Stretches) -> NDArray[np.bool_]:
    """Which gaps between digits in boxes of their own part the fields of a form: bool (N − 1,).

    A field's boxes adjoin, or are all as far apart; two fields, as those for a day and a month, are farther apart. So
    are digits with empty boxes between, by as much as parts numbers elsewhere.
    """
    walls, box = stretches.walls, stretches.box
    apart = walls[box[1:] - 1] - walls[box[:-1]]  # from a box to the next
    usual = np.sort(apart)[(len(apart) - 1) // 2] if len(apart) else 0.0
    parted: NDArray[np.bool_] = (apart > usual + FIELD_GAP) | (stretches.gaps > BOX_GAP) & between_numbers(stretches)
    return parted


def part_of(line: TextLine, start: int, end: int) -> TextLine:
    """The line's columns from `start` on, `end` excluded."""
    return line._replace(
        ink=line.ink[:, start:end], mask=line.mask[:, start:end], shifts=line.shifts - start, walls=line.walls - start
    )
