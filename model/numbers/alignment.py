"""Align a given text with the ink of a page: which piece is which digit. So a person's reading teaches single digits.

Forced alignment: of all paths through the lattice only those that spell the text are left, and the best of them tells
where each digit lies. How sure that is depends on the number of digits alone, not on which ones the network would read:
a person who teaches knows better.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifier import Classifier
from model.errors import NotAligned
from model.numbers.analysis import Analysis, analyse
from model.numbers.ink import find_ink
from model.numbers.lattice import Edge, Lattice, total
from model.numbers.pieces import box_on_page
from model.numbers.reader import MAX_DIGITS
from model.preprocessing.decoding.page import Box, Page

MIN_CONFIDENCE = 0.2  # of an alignment; below it, the ink is rather another number of digits


class AlignedDigit(NamedTuple):
    """A digit of the text: 0–9, where it lies in the picture as it was sent, and uint8 (32, 32), what is seen there."""

    digit: int
    box: Box
    pixels: NDArray[np.uint8]


class Alignment(NamedTuple):
    """A text's digits on a page; confidence: the probability, 0–1, that the ink is so many digits."""

    digits: list[AlignedDigit]
    confidence: float


def align(page: Page, classifier: Classifier, text: str) -> Alignment:
    """Find the digits of a text on a decoded page. Blanks and line breaks in the text do not count.

    Raises NotAligned, BlankImage or CrowdedPage.
    """
    wanted = "".join(text.split())
    if not wanted.isascii() or not wanted.isdigit():
        raise NotAligned("The text must consist of the digits 0 to 9.")
    ink = find_ink(page.gray)
    found = analyse(ink, classifier)
    if len(wanted) > MAX_DIGITS * max(1, len(found)):
        raise NotAligned(f"The text has {len(wanted)} digits, more than the picture can hold.")
    count = f"{len(wanted)} digit{'s' * (len(wanted) > 1)}"
    lattice = joined(found)
    path = spelling(lattice, wanted)
    if path is None:
        raise NotAligned(f"The picture can't be divided into {count}.")
    confidence = math.exp(total(lattice, len(wanted)) - total(lattice))
    if confidence < MIN_CONFIDENCE:
        raise NotAligned(f"The picture is more likely divided in another way than into {count}.")
    digits = []
    for letter, (analysis, index) in zip(wanted, pieces_on(found, path), strict=True):
        piece = analysis.pieces[index]
        extent = box_on_page(analysis.line, analysis.cuts, piece)
        box = page.box_as_sent(*ink.on_page(*extent))
        digits.append(AlignedDigit(int(letter), box, piece.pixels))
    return Alignment(digits, min(1.0, confidence))


def joined(found: list[Analysis]) -> Lattice:
    """One lattice of those of several stretches of writing, in reading order; its pieces are numbered through."""
    into: list[list[Edge]] = [[]]
    pieces = 0
    for analysis in found:
        start = len(into) - 1
        for edges in analysis.lattice.into[1:]:
            moved = (
                edge._replace(first=edge.first + start, last=edge.last + start, piece=edge.piece + pieces)
                for edge in edges
            )
            into.append(list(moved))
        pieces += len(analysis.pieces)
    return Lattice(into)


def spelling(lattice: Lattice, text: str) -> list[Edge] | None:
    """The best path that spells the text, by the Viterbi algorithm; None if there is none."""
    best = np.full((len(lattice.into), len(text) + 1), -np.inf)
    best[0, 0] = 0.0
    back: dict[tuple[int, int], Edge] = {}
    labels = np.array([int(digit) for digit in text])
    for node, edges in enumerate(lattice.into):
        for edge in edges:
            if edge.is_mark:
                reached = best[edge.first] + edge.weights[0]
            else:
                reached = np.append(-np.inf, best[edge.first, :-1] + edge.weights[labels])
            for place in np.flatnonzero(reached > best[node]).tolist():
                best[node, place] = reached[place]
                back[node, place] = edge
    node, place = len(lattice.into) - 1, len(text)
    if not np.isfinite(best[node, place]):
        return None
    path = []
    while node:
        edge = back[node, place]
        path.append(edge)
        node, place = edge.first, place - (not edge.is_mark)
    return path[::-1]


def pieces_on(found: list[Analysis], path: list[Edge]) -> list[tuple[Analysis, int]]:
    """The pieces on a path through the joined lattices: the stretch of writing to which each belongs, and its index."""
    owners = [(analysis, index) for analysis in found for index in range(len(analysis.pieces))]
    return [owners[edge.piece] for edge in path if not edge.is_mark]
