"""Read every number on a page: heuristic over-segmentation and a lattice, as LeNet-5 once read checks.

    a decoded page
      → its ink, without printed lines           ink.py
      → lines of writing, upright, and the
        numbers on each                          text_lines.py
      → primitives: components, cut by seams     segmentation.py
      → pieces: neighbouring primitives, each    segmentation.py
        placed as a single digit is
      → the network's scores for all of them     model/classifier.py
      → a lattice of all readings, the likeliest
        texts and their probabilities            lattice.py
      → NumbersOnPage                            result.py

`read_numbers_of_page` is this story in code. Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning
Applied to Document Recognition", 1998, sections V to VIII.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifier import BATCH, LOW_CONFIDENCE, NOT_A_DIGIT, OTHER_INK, Classifier, Scores
from model.numbers.ink import LEGIBLE, PageInk, find_ink
from model.numbers.lattice import Hypothesis, Lattice, lattice_of, likeliest, total
from model.numbers.result import Alternative, Number, NumbersOnPage, ReadDigit
from model.numbers.segmentation import MAX_PIECES, Piece, Primitives, box_on_page, pieces_of, primitives_of
from model.numbers.text_lines import TextLine, find_text_lines, split_at_gaps
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Box, Page
from model.preprocessing.pipeline import DEFAULT_LIMITS, to_input

WRONG_LENGTH = "wrong-length"
WORK_SIDE = 800  # pixels; a larger picture is shrunk to between this and twice as many before it is read
LEAST_SIDE = 100  # pixels; but the shorter side of a strip is not shrunk below this
MAX_DIGITS = 32  # of a number
MIN_CONFIDENCE = 0.9  # of an accepted number
MIN_SCORE = 0.0  # log odds that a piece is a digit, of each digit of an accepted number
CLEAR_SCORE, CLEAR_CONFIDENCE = 4.5, 0.99  # log odds that a component is a digit, and of which; it is not cut
OTHER_HEIGHT = 0.5  # of the writing's height; a mark that is as high is other ink, unless it is a dash
DASH = 0.45  # height over width, at most, of a dash
MIN_LENGTH_SHARE = 0.001  # probability of the wanted number of digits, below which the number has another
ALTERNATIVES = 3
MIN_ALTERNATIVE = 0.001  # probability of an alternative, at least


class Analysis(NamedTuple):
    """What the reader found out about one stretch of writing: a number, or nothing but marks.

    texts: the likeliest first, with their log weight and best path; total: log weight of all paths, or of all with the
    wanted number of digits; has_length: False if none has that many.
    """

    line: TextLine
    primitives: Primitives
    pieces: list[Piece]
    scores: Scores
    lattice: Lattice
    texts: list[tuple[str, Hypothesis]]
    total: float
    has_length: bool

    def probability(self, hypothesis: Hypothesis) -> float:
        """Of one of the texts, 0–1."""
        return min(1.0, float(np.exp(hypothesis.weight - self.total)))


def read_numbers(
    data: bytes, classifier: Classifier, limits: Limits = DEFAULT_LIMITS, digits: int | None = None
) -> NumbersOnPage:
    """Read the numbers in the bytes of a picture file. digits: how many each number has, 1–MAX_DIGITS, None if unknown.

    Raises ImageError, among them BlankImage for a page without ink.
    """
    return read_numbers_of_page(decode_page(data, limits), classifier, digits)


def decode_page(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Page:
    """Decode the bytes of a picture file to a page at a size at which numbers are read. Raises ImageError."""
    return decode(data, limits._replace(work_side=WORK_SIDE, least_side=LEAST_SIDE))


def read_numbers_of_page(page: Page, classifier: Classifier, digits: int | None = None) -> NumbersOnPage:
    """Read the numbers on a decoded page. Raises BlankImage or CrowdedPage."""
    ink = find_ink(page.gray)
    return numbers_of(analyse(ink, classifier, digits), page, ink)


def numbers_of(found: Sequence[Analysis], page: Page, ink: PageInk) -> NumbersOnPage:
    """The numbers among the stretches of writing on a page."""
    numbers = (number_of(analysis, page, ink) for analysis in found)
    return NumbersOnPage([number for number in numbers if number is not None])


def analyse(ink: PageInk, classifier: Classifier, digits: int | None = None) -> list[Analysis]:
    """Read each stretch of writing on a page, in reading order. Raises CrowdedPage."""
    found: list[Analysis] = []
    left = MAX_PIECES
    for line in find_text_lines(ink):
        parts = []
        for part in split_at_gaps(line):
            parts.append(reading_of(part, classifier, digits, left))
            left -= len(parts[-1].pieces)
        if len(parts) > 1 and not all(part.has_length or is_mark(part) for part in parts):
            parts = [reading_of(line, classifier, digits, MAX_PIECES)]
        found += parts
    return found


def reading_of(line: TextLine, classifier: Classifier, digits: int | None, most: int) -> Analysis:
    """Read one stretch of writing. Raises CrowdedPage if it has more than `most` pieces."""
    primitives = primitives_of(line, lambda digits: are_clear(digits, classifier))
    pieces = pieces_of(line, primitives, most)
    scores = scores_of([piece.pixels for piece in pieces], classifier)
    lattice = lattice_of(primitives, pieces, scores, line.height)
    has_length = digits is None or length_is_possible(lattice, digits)
    wanted = digits if has_length else None
    texts = likeliest(lattice, wanted)
    return Analysis(line, primitives, pieces, scores, lattice, texts, total(lattice, wanted), has_length)


def are_clear(digits: Sequence[NDArray[np.uint8]], classifier: Classifier) -> NDArray[np.bool_]:
    """Which components, each placed as a digit, uint8 (32, 32), are so clearly one that they need no cut: bool (N,)."""
    scores = scores_of(digits, classifier)
    clear: NDArray[np.bool_] = (scores.score >= CLEAR_SCORE) & (scores.probabilities.max(axis=1) >= CLEAR_CONFIDENCE)
    return clear


def scores_of(digits: Sequence[NDArray[np.uint8]], classifier: Classifier) -> Scores:
    """The network's outputs for N pictures, each uint8 (32, 32)."""
    images = to_input(digits) if len(digits) else np.zeros((0, 1, 32, 32), np.float32)
    parts = [classifier.scores(images[start : start + BATCH]) for start in range(0, max(1, len(digits)), BATCH)]
    return Scores(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def length_is_possible(lattice: Lattice, digits: int) -> bool:
    """Whether the writing may be a number with so many digits."""
    return total(lattice, digits) >= math.log(MIN_LENGTH_SHARE) + total(lattice)


def is_mark(analysis: Analysis) -> bool:
    """Whether the writing is rather a mark than a number: its likeliest text is empty."""
    return not analysis.texts[0][0]


def number_of(analysis: Analysis, page: Page, ink: PageInk) -> Number | None:
    """The number that the writing is; None if it is none."""
    text, best = analysis.texts[0]
    edges = [edge for edge in best.path if edge.piece is not None]
    chosen = [analysis.pieces[edge.piece] for edge in edges if edge.piece is not None]
    scores = [float(analysis.scores.score[edge.piece]) for edge in edges if edge.piece is not None]
    if not text or max(scores) < MIN_SCORE:
        return None
    confidence = analysis.probability(best)
    extents = [box_on_page(analysis.line, analysis.primitives, piece) for piece in chosen]
    boxes = [page.box_as_sent(*ink.on_page(*extent)) for extent in extents]
    digits = [
        ReadDigit(int(digit), confidence_at(place, analysis), box, piece.pixels)
        for place, (digit, box, piece) in enumerate(zip(text, boxes, chosen, strict=True))
    ]
    reason = None
    if min(scores) < MIN_SCORE or analysis.line.height < LEGIBLE * analysis.line.scale:
        reason = NOT_A_DIGIT
    elif has_other_ink(analysis, best):
        reason = OTHER_INK
    elif not analysis.has_length:
        reason = WRONG_LENGTH
    elif confidence < MIN_CONFIDENCE:
        reason = LOW_CONFIDENCE
    others = [Alternative(other, analysis.probability(found)) for other, found in analysis.texts[1 : ALTERNATIVES + 1]]
    likely = [other for other in others if other.confidence >= MIN_ALTERNATIVE and other.text]
    return Number(text, confidence, reason is None, reason, around(boxes), analysis.line.row, digits, likely)


def confidence_at(place: int, analysis: Analysis) -> float:
    """The probability that the number has the digit of its likeliest text at a place, by all texts that are likely."""
    digit = analysis.texts[0][0][place]
    same = [found for text, found in analysis.texts if text[place : place + 1] == digit]
    return min(1.0, sum(analysis.probability(found) for found in same))


def has_other_ink(analysis: Analysis, best: Hypothesis) -> bool:
    """Whether the path leaves out a mark that is too high for a point, a comma or a dash."""
    for edge in best.path:
        if edge.piece is None:
            left, top, right, bottom = analysis.primitives.boxes[edge.first]
            is_dash = bottom - top <= DASH * (right - left)
            if bottom - top > OTHER_HEIGHT * analysis.line.height and not is_dash:
                return True
    return False


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around others."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)
