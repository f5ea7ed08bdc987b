"""The lattice of all ways to read a line, and the probabilities of its texts.

A node lies before each primitive and after the last. An edge is a piece read as one of the ten digits, or a primitive
left out as a mark that is no digit. A path from the first node to the last is a reading of the line. Its weight is the
product of its edges'; its probability is its share of the weight of all paths, which the forward algorithm sums. A text
may have several paths. Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", 1998, sections V to VIII.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.classifier import Scores
from model.numbers.segmentation import Piece, Primitives

BEAM = 10  # texts kept at each node
CHOICES = 4  # likeliest digits of a piece that the beam follows
UNLIKELY = 6.0  # log weight below the likeliest digit's, at which the beam leaves a digit out
MAX_ODDS = 8.0
LEAST = 1e-12  # probability of a digit
USUAL_WIDTH = 0.8  # of the writing's height; few digits are wider
DASH = 0.45  # height over width, at most, of a dash


class Weights(NamedTuple):
    """Of an edge's features, whose weighted sum is the logarithm of the edge's weight.

    Fitted by model/training/fit_lattice.py.
    """

    digit: float = 1.35  # log probability of the digit
    is_digit: float = 0.719  # log probability that the piece is a digit at all
    odds: float = 1.073  # log odds of that, within ±MAX_ODDS
    wide: float = -2.932  # how much wider than USUAL_WIDTH the piece is, over the writing's height
    piece: float = 3.431  # 1 for each piece
    low: float = -8.266  # log of the writing's height over the piece's, if the piece is lower
    tall: float = 0.617  # the opposite, if it is higher
    gap: float = -6.383  # widest gap within the piece, over the writing's height
    cut: float = 0.27  # ink crossed by the cut where the edge begins, over the writing's height
    seam: float = -0.982  # 1 if the edge begins at a cut
    mark: float = 0.865  # 1 for each mark
    not_digit: float = -0.313  # log probability that the mark is no digit
    size: float = -7.78  # the mark's height over the writing's
    dash: float = -1.768  # 1 if the mark is a dash
    cut_digits: tuple[float, ...] = (  # for each digit, 1 if the piece begins or ends at a cut
        0.684, -3.524, -2.462, -2.401, -1.158, -2.167, -0.819, -2.96, -1.264, -1.378,
    )  # fmt: skip


WEIGHTS = Weights()
# Features of a piece, and of a mark: by what the network says, and by shape alone.
PIECE_SHAPES = ("wide", "piece", "low", "tall", "gap", "cut", "seam")
MARK_SHAPES = ("mark", "size", "dash", "cut", "seam")
OF_PIECES = ("is_digit", "odds", *PIECE_SHAPES)
OF_MARKS = ("not_digit", *MARK_SHAPES)


class Edge(NamedTuple):
    """One step through the lattice.

    first, last: its nodes; piece: its index among the pieces, None if it leaves a mark out; weights: log weight of each
    digit, float64 (10,), or of the mark, (1,); choices: the likeliest digits, as text, and their log weights; the empty
    text for a mark.
    """

    first: int
    last: int
    piece: int | None
    weights: NDArray[np.float64]
    choices: list[tuple[str, float]]


class Lattice(NamedTuple):
    """The edges by the node at which they end: `into[node]`, for nodes 0 to K."""

    into: list[list[Edge]]


class Shapes(NamedTuple):
    """Features by shape, of a line's P pieces and K primitives.

    of_pieces: float64 (P, 7), PIECE_SHAPES; of_marks: float64 (K, 5), MARK_SHAPES, of each primitive as a mark; alone:
    int64 (K,), the piece that is the same primitive; is_cut: bool (P,), whether a piece begins or ends at a cut.
    """

    of_pieces: NDArray[np.float64]
    of_marks: NDArray[np.float64]
    alone: NDArray[np.int64]
    is_cut: NDArray[np.bool_]


def shapes_of(primitives: Primitives, pieces: Sequence[Piece], height: float) -> Shapes:
    """The features by shape of a line. height: of its writing, in pixels."""
    first, last = (np.array([getattr(piece, end) for piece in pieces], np.int64) for end in ("first", "last"))
    left, top, right, bottom = np.array([piece.box for piece in pieces]).reshape(-1, 4).T
    log_high = np.log((bottom - top) / height)
    cuts, cuts_behind = primitives.cut[first], np.append(primitives.cut, 0)[last]
    of_pieces = np.stack([
        np.maximum((right - left) / height - USUAL_WIDTH, 0), np.ones(len(pieces)), np.maximum(-log_high, 0),
        np.maximum(log_high, 0), [piece.gap for piece in pieces], cuts, cuts > 0,
    ], axis=1)  # fmt: skip
    across, tall = (primitives.boxes[:, 2:] - primitives.boxes[:, :2]).T
    of_marks = np.stack([
        np.ones(len(tall)), tall / height, tall <= DASH * across, primitives.cut, primitives.cut > 0,
    ], axis=1)  # fmt: skip
    return Shapes(of_pieces, of_marks, np.flatnonzero(last == first + 1), (cuts > 0) | (cuts_behind > 0))


def lattice_of(
    primitives: Primitives, pieces: Sequence[Piece], scores: Scores, height: float, weights: Weights = WEIGHTS
) -> Lattice:
    """The lattice of a line. scores: of the pieces; height: of the line's writing, in pixels."""
    shapes, score = shapes_of(primitives, pieces, height), scores.score.astype(np.float64)
    odds = np.clip(score, -MAX_ODDS, MAX_ODDS)
    of_pieces = np.column_stack([-np.logaddexp(0, -score), odds, shapes.of_pieces])
    of_marks = np.column_stack([-np.logaddexp(0, score[shapes.alone]), shapes.of_marks])
    per_piece, per_mark = (
        values @ np.array([getattr(weights, name) for name in names])
        for values, names in ((of_pieces, OF_PIECES), (of_marks, OF_MARKS))
    )
    log_digits = np.log(np.maximum(scores.probabilities.astype(np.float64), LEAST))
    per_digit = weights.digit * log_digits + shapes.is_cut[:, None] * np.array(weights.cut_digits)
    into: list[list[Edge]] = [[] for _ in range(len(primitives.boxes) + 1)]
    for index, piece in enumerate(pieces):
        of_digits = per_digit[index] + per_piece[index]
        into[piece.last].append(Edge(piece.first, piece.last, index, of_digits, choices_of(of_digits)))
    for index in range(len(primitives.boxes)):
        left_out = [("", float(per_mark[index]))]
        into[index + 1].append(Edge(index, index + 1, None, per_mark[index : index + 1], left_out))
    return Lattice(into)


def total(lattice: Lattice, digits: int | None = None) -> float:
    """Log of the weight of all paths, or of all with so many digits."""
    if digits is None:
        sums = [0.0]
        for edges in lattice.into[1:]:
            sums.append(log_sum([sums[edge.first] + log_sum(edge.weights) for edge in edges]))
        return sums[-1]
    rows = [np.full(digits + 1, -np.inf)]
    rows[0][0] = 0.0
    for edges in lattice.into[1:]:
        terms = []
        for edge in edges:
            row = rows[edge.first] + log_sum(edge.weights)
            terms.append(row if edge.piece is None else np.append(-np.inf, row[:-1]))
        rows.append(np.logaddexp.reduce(terms))
    return float(rows[-1][digits])


class Hypothesis(NamedTuple):
    """A text that the beam follows: log weight of all its paths so far; weight, last edge and origin of the best."""

    weight: float
    best: float
    edge: Edge | None = None
    before: Hypothesis | None = None

    @property
    def path(self) -> list[Edge]:
        """The edges of the best path."""
        edges: list[Edge] = []
        at: Hypothesis | None = self
        while at is not None and at.edge is not None:
            edges.append(at.edge)
            at = at.before
        return edges[::-1]


def likeliest(lattice: Lattice, digits: int | None = None) -> list[tuple[str, Hypothesis]]:
    """The texts of the greatest weight, the likeliest first: a prefix beam search, as of CTC.

    digits: how many a text has; None if that is unknown. The list is empty if no path has so many.
    """
    beams: list[list[tuple[str, Hypothesis]]] = [[("", Hypothesis(0.0, 0.0))]]
    remaining = len(lattice.into) - 1
    for node, edges in enumerate(lattice.into[1:], start=1):
        reached: dict[str, Hypothesis] = {}
        for edge in edges:
            for text, before in beams[edge.first]:
                for digit, weight in edge.choices:
                    longer = text + digit
                    if digits is not None and not len(longer) <= digits <= len(longer) + remaining - node:
                        continue
                    extend(reached, longer, before, edge, weight)
        beams.append(sorted(reached.items(), key=lambda item: -item[1].weight)[:BEAM])
    return [(text, found) for text, found in beams[-1] if digits is None or len(text) == digits]


def extend(reached: dict[str, Hypothesis], text: str, before: Hypothesis, edge: Edge, weight: float) -> None:
    """Add a path to the hypotheses of a node."""
    summed, best = before.weight + weight, before.best + weight
    known = reached.get(text)
    if known is None:
        reached[text] = Hypothesis(summed, best, edge, before)
        return
    both = log_add(known.weight, summed)
    reached[text] = Hypothesis(both, best, edge, before) if best > known.best else known._replace(weight=both)


def choices_of(weights: NDArray[np.float64]) -> list[tuple[str, float]]:
    """The likeliest digits of a piece, as text, and their log weights."""
    least = weights.max() - UNLIKELY
    order = np.argsort(-weights)[:CHOICES].tolist()
    return [(str(digit), float(weights[digit])) for digit in order if weights[digit] >= least]


def log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b))."""
    return max(a, b) + math.log1p(math.exp(-abs(a - b)))


def log_sum(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Log Σ exp(value)."""
    array = np.asarray(values)
    top = float(array.max())
    return top + float(np.log(np.exp(array - top).sum())) if np.isfinite(top) else top
