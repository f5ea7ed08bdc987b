"""Read every number on a page: heuristic over-segmentation and a lattice, as LeNet-5 once read checks.

    a decoded page
      → its ink, without printed lines           ink.py
      → lines of writing, upright                text_lines.py
      → the numbers on each                      gaps.py
      → cuts between components, and through
        them along seams                         cuts.py, seams.py
      → pieces: the ink between two cuts, each
        placed as a single digit is              pieces.py
      → the network's scores for all of them     model/classifier.py
      → a lattice of all readings, the likeliest
        texts and their probabilities            lattice.py, search.py
      → what is doubtful is cut again, finely    analysis.py
      → NumbersOnPage                            result.py

`read_numbers_of_page` is this story in code; analysis.py tells the middle of it, from lines to texts. Source: LeCun,
Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, sections V to VIII.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.classifier import LOW_CONFIDENCE, NOT_A_DIGIT, OTHER_INK, Classifier
from model.numbers.analysis import Analysis, analyse
from model.numbers.calibration import MIN_CONFIDENCE, Sureness
from model.numbers.ink import LEGIBLE, PageInk, find_ink
from model.numbers.lattice import DASH
from model.numbers.pieces import box_on_page
from model.numbers.result import Alternative, Number, NumbersOnPage, ReadDigit
from model.numbers.search import Hypothesis
from model.preprocessing.decoding.decode import decode
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Box, Page
from model.preprocessing.pipeline import DEFAULT_LIMITS

WRONG_LENGTH = "wrong-length"
WORK_SIDE = 800  # pixels; a larger picture is shrunk to between this and twice as many before it is read
LEAST_SIDE = 100  # pixels; but the shorter side of a strip is not shrunk below this
MAX_DIGITS = 32  # of a number
MIN_SCORE = 0.0  # log odds that a piece is a digit; a number with less is refused as `not-a-digit`
LEAST_SCORE = -3.0  # if most of its pieces have less, it is no number at all
OTHER_HEIGHT = 0.5  # of the writing's height; a mark that is as high is other ink, unless it is a dash
ALTERNATIVES = 3
MIN_ALTERNATIVE = 0.001  # probability of an alternative, at least


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


def number_of(analysis: Analysis, page: Page, ink: PageInk) -> Number | None:
    """The number that the writing is; None if it is none."""
    text, best = analysis.texts[0]
    pieces = [analysis.pieces[index] for index in analysis.chosen]
    if not text or np.median(analysis.scores.score[analysis.chosen]) < LEAST_SCORE:
        return None
    sure = Sureness(analysis.probability(best), analysis.confidence)
    extents = [box_on_page(analysis.line, analysis.cuts, piece) for piece in pieces]
    boxes = [page.box_as_sent(*ink.on_page(*extent)) for extent in extents]
    digits = [
        ReadDigit(int(digit), sure.of_part(probability_at(place, analysis)), box, piece.pixels)
        for place, (digit, box, piece) in enumerate(zip(text, boxes, pieces, strict=True))
    ]
    others = [
        Alternative(other, sure.of_other(analysis.probability(found)))
        for other, found in analysis.texts[1 : ALTERNATIVES + 1]
    ]
    likely = [other for other in others if other.confidence >= MIN_ALTERNATIVE and other.text]
    reason = reason_for(analysis)
    return Number(text, sure.confidence, reason is None, reason, around(boxes), analysis.line.row, digits, likely)


def reason_for(analysis: Analysis) -> str | None:
    """Why a number is not accepted, None if it is."""
    if analysis.line.height < LEGIBLE * analysis.line.scale:
        return NOT_A_DIGIT
    if has_other_ink(analysis, analysis.texts[0][1]):
        return OTHER_INK
    if not analysis.has_length:
        return WRONG_LENGTH
    if analysis.confidence < MIN_CONFIDENCE:
        return NOT_A_DIGIT if analysis.weakest < MIN_SCORE else LOW_CONFIDENCE
    return None


def probability_at(place: int, analysis: Analysis) -> float:
    """The probability by the lattice that the number has the digit of its likeliest text at a place."""
    digit = analysis.texts[0][0][place]
    same = [found for text, found in analysis.texts if text[place : place + 1] == digit]
    return min(1.0, sum(map(analysis.probability, same)))


def has_other_ink(analysis: Analysis, best: Hypothesis) -> bool:
    """Whether the path leaves out a mark that is too high for a point, a comma or a dash."""
    for edge in best.path:
        if edge.is_mark:
            left, top, right, bottom = analysis.pieces[edge.piece].box
            is_dash = bottom - top <= DASH * (right - left)
            if bottom - top > OTHER_HEIGHT * analysis.line.height and not is_dash:
                return True
    return False


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around others."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, bottom - top)
