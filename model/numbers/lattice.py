"""The lattice of all ways to read a line, and the probabilities of its texts.

A node is a cut of the line. An edge is a piece, the ink between two cuts, read as one of the ten digits, or left out as
a mark that is no digit. A path from the first node, left of all ink, to the last, right of all, is a reading of the
line. Its weight is the product of its edges'; its probability is its share of the weight of all paths, which the
forward algorithm sums. A text may have several paths. Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based
Learning Applied to Document Recognition", 1998, sections V to VIII.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifier import Scores
from model.numbers.cuts import Cuts
from model.numbers.pieces import Piece

MAX_ODDS = 8.0
LEAST = 1e-12  # probability of a digit
USUAL_WIDTH = 0.8  # of the writing's height; few digits are wider
DASH = 0.45  # height over width, at most, of a dash


class Weights(NamedTuple):
    """Of an edge's features, whose weighted sum is the logarithm of the edge's weight.

    Fitted by model/training/fit_lattice.py.
    """

    digit: float = 1.466  # log probability of the digit
    is_digit: float = 0.123  # log probability that the piece is a digit at all
    odds: float = 1.09  # log odds of that, within ±MAX_ODDS
    wide: float = -2.911  # how much wider than USUAL_WIDTH the piece is, over the writing's height
    piece: float = 2.711  # 1 for each piece
    low: float = -7.413  # log of the writing's height over the piece's, if the piece is lower
    tall: float = 1.765  # the opposite, if it is higher
    gap: float = -6.687  # widest gap within the piece, over the writing's height
    cut: float = -3.839  # ink crossed by the cut where the edge begins, over the writing's height
    seam: float = -1.295  # 1 if the edge begins at a seam
    mark: float = 1.392  # 1 for each mark
    not_digit: float = -0.122  # log probability that the mark is no digit
    size: float = -9.743  # the mark's height over the writing's
    dash: float = -1.264  # 1 if the mark is a dash
    seam_digits: tuple[float, ...] = (  # for each digit, 1 if the piece begins or ends at a seam
        0.603, -2.463, -2.911, -3.864, -1.845, -2.022, -2.422, -2.881, -1.588, -2.196,
    )  # fmt: skip


WEIGHTS = Weights()
# Features of a piece, and of a mark: by what the network says, and by shape alone.
PIECE_SHAPES = ("wide", "piece", "low", "tall", "gap", "cut", "seam")
MARK_SHAPES = ("mark", "size", "dash", "cut", "seam")
OF_PIECES = ("is_digit", "odds", *PIECE_SHAPES)
OF_MARKS = ("not_digit", *MARK_SHAPES)


class Edge(NamedTuple):
    """One step through the lattice.

    first, last: its nodes; piece: its index among the pieces; is_mark: whether that is left out; weights: log weight of
    each digit, float64 (10,), or of the mark, (1,); weight: log of their sum.
    """

    first: int
    last: int
    piece: int
    is_mark: bool
    weights: NDArray[np.float64]
    weight: float


class Lattice(NamedTuple):
    """The edges by the node at which they end: `into[node]`; each begins at a node of a lower number."""

    into: list[list[Edge]]


class Shapes(NamedTuple):
    """Features by shape of a line's P pieces, of which M may be marks, too.

    of_pieces: float64 (P, 7), PIECE_SHAPES; of_marks: float64 (M, 5), MARK_SHAPES; marks: int64 (M,), their indices
    among the pieces; at_seam: bool (P,), whether a piece begins or ends at a seam.
    """

    of_pieces: NDArray[np.float64]
    of_marks: NDArray[np.float64]
    marks: NDArray[np.int64]
    at_seam: NDArray[np.bool_]


def shapes_of(cuts: Cuts, pieces: Sequence[Piece], height: float) -> Shapes:
    """The features by shape of a line. height: of its writing, in pixels."""
    first, last = nodes_of(pieces)
    left, top, right, bottom = np.array([piece.box for piece in pieces]).reshape(-1, 4).T
    log_high = np.log((bottom - top) / height)
    ink, is_seam = cuts.ink[first], cuts.is_seam[first]
    of_pieces = np.stack([
        np.maximum((right - left) / height - USUAL_WIDTH, 0), np.ones(len(pieces)), np.maximum(-log_high, 0),
        np.maximum(log_high, 0), [piece.gap for piece in pieces], ink, is_seam,
    ], axis=1)  # fmt: skip
    marks = np.flatnonzero([piece.may_be_mark for piece in pieces])
    across, tall = (right - left)[marks], (bottom - top)[marks]
    of_marks = np.stack([
        np.ones(len(marks)), tall / height, tall <= DASH * across, ink[marks], is_seam[marks],
    ], axis=1)  # fmt: skip
    return Shapes(of_pieces, of_marks, marks, is_seam | cuts.is_seam[last])


def nodes_of(pieces: Sequence[Piece]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cuts at which each piece begins and ends, int64 (P,)."""
    ends = np.array([(piece.first, piece.last) for piece in pieces], np.int64).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]


def lattice_of(
    cuts: Cuts, pieces: Sequence[Piece], scores: Scores, height: float, weights: Weights = WEIGHTS
) -> Lattice:
    """The lattice of a line. scores: of the pieces; height: of the line's writing, in pixels."""
    shapes, score = shapes_of(cuts, pieces, height), scores.score.astype(np.float64)
    odds = np.clip(score, -MAX_ODDS, MAX_ODDS)
    of_pieces = np.column_stack([-np.logaddexp(0, -score), odds, shapes.of_pieces])
    of_marks = np.column_stack([-np.logaddexp(0, score[shapes.marks]), shapes.of_marks])
    per_piece, per_mark = (
        values @ np.array([getattr(weights, name) for name in names])
        for values, names in ((of_pieces, OF_PIECES), (of_marks, OF_MARKS))
    )
    log_digits = np.log(np.maximum(scores.probabilities.astype(np.float64), LEAST))
    per_digit = weights.digit * log_digits + shapes.at_seam[:, None] * np.array(weights.seam_digits)
    per_digit += per_piece[:, None]
    sums = np.logaddexp.reduce(per_digit, axis=1).tolist()
    into: list[list[Edge]] = [[] for _ in range(len(cuts.ink))]
    for index, (piece, weights_of, weight) in enumerate(zip(pieces, per_digit, sums, strict=True)):
        into[piece.last].append(Edge(piece.first, piece.last, index, False, weights_of, weight))
    for index, weight in zip(shapes.marks.tolist(), per_mark.tolist(), strict=True):
        piece = pieces[index]
        into[piece.last].append(Edge(piece.first, piece.last, index, True, np.array([weight]), weight))
    return Lattice(into)


def total(lattice: Lattice, digits: int | None = None) -> float:
    """Log of the weight of all paths, or of all with so many digits."""
    if digits is None:
        return sums_before(lattice)[-1]
    rows = [np.full(digits + 1, -np.inf)]
    rows[0][0] = 0.0
    for edges in lattice.into[1:]:
        terms = []
        for edge in edges:
            row = rows[edge.first] + edge.weight
            terms.append(row if edge.is_mark else np.append(-np.inf, row[:-1]))
        rows.append(np.logaddexp.reduce(terms) if terms else np.full(digits + 1, -np.inf))
    return float(rows[-1][digits])


def sums_before(lattice: Lattice) -> list[float]:
    """Log of the weight of all paths that lead to each node: the forward algorithm."""
    sums = [0.0]
    for edges in lattice.into[1:]:
        before = [sums[edge.first] + edge.weight for edge in edges]
        sums.append(float(np.logaddexp.reduce(before, initial=-np.inf)))
    return sums
