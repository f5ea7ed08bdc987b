"""Analyse the stretches of writing on a page: cut each, let the network judge its pieces, and find its likeliest texts.

The numbers on the page (reader.py), the alignment with a given text (alignment.py) and the drawing of how a page was
read (explain.py) are made of this.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifier import BATCH, Classifier, Scores
from model.numbers.calibration import CALIBRATION, MIN_CONFIDENCE
from model.numbers.cuts import Cuts, cuts_of
from model.numbers.gaps import split_at_gaps
from model.numbers.ink import PageInk
from model.numbers.lattice import Lattice, lattice_of, total
from model.numbers.pieces import MAX_PIECES, Piece, pieces_of
from model.numbers.seams import COARSE, FINE, Density
from model.numbers.search import Hypothesis, likeliest
from model.numbers.text_lines import TextLine, find_text_lines
from model.preprocessing.errors import CrowdedPage
from model.preprocessing.pipeline import to_input

CLEAR_SCORE, CLEAR_CONFIDENCE = 4.5, 0.99  # log odds that a component is a digit, and of which; it is not cut
MAX_FINE_PIECES = 1_000  # on a page, of all that is cut again, more finely
MIN_LENGTH_SHARE = 0.001  # probability of the wanted number of digits, below which the number has another


class Analysis(NamedTuple):
    """What the reader found out about one stretch of writing: a number, or nothing but marks.

    texts: the likeliest first, with their log weight and best path; total: log weight of all paths, or of all with the
    wanted number of digits; has_length: False if none has that many.
    """

    line: TextLine
    cuts: Cuts
    pieces: list[Piece]
    scores: Scores
    lattice: Lattice
    texts: list[tuple[str, Hypothesis]]
    total: float
    has_length: bool

    @property
    def chosen(self) -> list[int]:
        """The indices of the pieces that are the digits of the likeliest text, from left to right."""
        return [edge.piece for edge in self.texts[0][1].path if not edge.is_mark]

    @property
    def seams(self) -> int:
        """How many cuts through ink part the likeliest text's digits."""
        return sum(bool(self.cuts.is_seam[edge.first]) for edge in self.texts[0][1].path)

    @property
    def weakest(self) -> float:
        """The least log odds that one of the likeliest text's digits is one; the text must have some."""
        return float(self.scores.score[self.chosen].min())

    @property
    def confidence(self) -> float:
        """The calibrated probability, 0–1, that the likeliest text is right; the text must have digits."""
        return CALIBRATION.confidence(self.probability(self.texts[0][1]), self.weakest, self.seams)

    def probability(self, hypothesis: Hypothesis) -> float:
        """Of one of the texts, 0–1."""
        return min(1.0, float(np.exp(hypothesis.weight - self.total)))


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
    return looked_at_again(found, classifier, digits)


def looked_at_again(found: Sequence[Analysis], classifier: Classifier, digits: int | None) -> list[Analysis]:
    """The same stretches of writing, of which the doubtful ones are cut more finely where that leaves enough pieces."""
    left = MAX_FINE_PIECES
    result = []
    for analysis in found:
        finer = None
        if is_doubtful(analysis):
            with suppress(CrowdedPage):
                finer = reading_of(analysis.line, classifier, digits, left, FINE)
                left -= len(finer.pieces)
        result.append(finer or analysis)
    return result


def is_doubtful(analysis: Analysis) -> bool:
    """Whether finer cuts may help: the writing is a number too unsure to be accepted, and some component was cut."""
    if is_mark(analysis) or not analysis.cuts.is_seam.any():
        return False
    return not analysis.has_length or analysis.confidence < MIN_CONFIDENCE


def reading_of(
    line: TextLine, classifier: Classifier, digits: int | None, most: int, density: Density = COARSE
) -> Analysis:
    """Read one stretch of writing. Raises CrowdedPage if it has more than `most` pieces.

    density: of the seams.
    """
    cuts = cuts_of(line, partial(are_clear, classifier=classifier), density)
    pieces = pieces_of(line, cuts, most)
    scores = scores_of([piece.pixels for piece in pieces], classifier)
    lattice = lattice_of(cuts, pieces, scores, line.height)
    has_length = digits is None or length_is_possible(lattice, digits)
    wanted = digits if has_length else None
    texts = likeliest(lattice, wanted)
    return Analysis(line, cuts, pieces, scores, lattice, texts, total(lattice, wanted), has_length)


def are_clear(digits: Sequence[NDArray[np.uint8]], classifier: Classifier) -> NDArray[np.bool_]:
    """Which components, each placed as a digit, uint8 (32, 32), are so clearly one that they need no cut: bool (N,)."""
    scores = scores_of(digits, classifier)
    return is_clear(scores.probabilities.max(axis=1), scores.score)


def is_clear(confidence: NDArray[np.float32], score: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether components are so clearly a digit, bool (N,), by their confidence, 0–1, and their log odds, each (N,)."""
    clear: NDArray[np.bool_] = (score >= CLEAR_SCORE) & (confidence >= CLEAR_CONFIDENCE)
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
