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
from model.numbers.calibration import CALIBRATION
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
MIN_CONFIDENCE = 0.95  # of an accepted number
MIN_SCORE = 0.0  # log odds that a piece is a digit; if no piece of a number has as much, it is none
CLEAR_SCORE, CLEAR_CONFIDENCE = 4.5, 0.99  # log odds that a component is a digit, and of which; it is not cut
OTHER_HEIGHT = 0.5  # of the writing's height; a mark that is as high is other ink, unless it is a dash
DASH = 0.45  # height over width, at most, of a dash
MIN_LENGTH_SHARE = 0.001  # probability of the wanted number of digits, below which the number has another
ALTERNATIVES = 3
TINY = 1e-9  # of a probability
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
    chosen = [(analysis.pieces[edge.piece], edge.piece) for edge in best.path if edge.piece is not None]
    scores = [float(analysis.scores.score[index]) for _, index in chosen]
    if not text or max(scores) < MIN_SCORE:
        return None
    probability = analysis.probability(best)
    confidence = CALIBRATION.confidence(probability, min(scores))
    share = min(confidence / probability, (1 - confidence) / max(1 - probability, TINY))  # what is left to other texts
    extents = [box_on_page(analysis.line, analysis.primitives, piece) for piece, _ in chosen]
    boxes = [page.box_as_sent(*ink.on_page(*extent)) for extent in extents]
    digits = [
        ReadDigit(int(digit), confidence + share * (probability_at(place, analysis) - probability), box, piece.pixels)
        for place, (digit, box, (piece, _)) in enumerate(zip(text, boxes, chosen, strict=True))
    ]
    others = [
        Alternative(other, share * analysis.probability(found)) for other, found in analysis.texts[1 : ALTERNATIVES + 1]
    ]
    likely = [other for other in others if other.confidence >= MIN_ALTERNATIVE and other.text]
    reason = reason_for(analysis, confidence, min(scores))
    return Number(text, confidence, reason is None, reason, around(boxes), analysis.line.row, digits, likely)


def reason_for(analysis: Analysis, confidence: float, weakest: float) -> str | None:
    """Why a number is not accepted, None if it is. weakest: log odds that its least likely piece is a digit."""
    if analysis.line.height < LEGIBLE * analysis.line.scale:
        return NOT_A_DIGIT
    if has_other_ink(analysis, analysis.texts[0][1]):
        return OTHER_INK
    if not analysis.has_length:
        return WRONG_LENGTH
    if confidence < MIN_CONFIDENCE:
        return NOT_A_DIGIT if weakest < MIN_SCORE else LOW_CONFIDENCE
    return None


def probability_at(place: int, analysis: Analysis) -> float:
    """The probability by the lattice that the number has the digit of its likeliest text at a place."""
    digit = analysis.texts[0][0][place]
    same = [found for text, found in analysis.texts if text[place : place + 1] == digit]
    return min(1.0, sum(map(analysis.probability, same)))


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
