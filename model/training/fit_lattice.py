"""Fit the weights of the lattice's features: `python -m model.training.fit_lattice weights/1` prints them.

It also prints, with the weights in use, the calibration of a number's confidence (model/numbers/calibration.py) and the
least that is accepted (model/numbers/reader.py).

Maximum likelihood of the true texts of lines that are written with validation digits: log P(text) is the log weight of
all paths that spell the text less that of all paths, as in a conditional random field (Lafferty, McCallum and Pereira,
2001). Where the digits are cut is not told: the sum goes over all ways to do it.
"""

from __future__ import annotations

import math
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.classifier import Classifier
from model.data.digits import Labelled, joined
from model.data.foreign import foreign_digits
from model.data.load import load_digits
from model.data.numbers import written_number
from model.data.settings import load_data_settings
from model.numbers.analysis import analyse, are_clear
from model.numbers.calibration import Calibration, bounded, log_odds
from model.numbers.ink import find_ink
from model.numbers.lattice import OF_MARKS, OF_PIECES, Weights, features_of
from model.numbers.reader import has_other_ink
from model.numbers.segmentation import MAX_JOINED, pieces_of, primitives_of
from model.numbers.text_lines import find_text_lines
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import to_input

COUNT = 1_500  # lines
SEED = 7
STEPS = 120  # of L-BFGS
HOPELESS = 0.02  # probability, below which a line counts little
NEWTON_STEPS, RIDGE = 30, 1e-3
WANTED = 0.98  # share of accepted readings that shall be right
REGULARIZATION = 0.0003  # of the squared distance to the present weights


class Line(NamedTuple):
    """One line's lattice: for each node and each edge that ends there, where it begins and its features.

    first: int64 (nodes, E), −1 for none; of_edge: float32 (nodes, E, F), 0 for features that an edge has not; digits:
    float32 (nodes, E, 10), log probabilities, 0 for marks; is_piece, is_cut: bool (nodes, E); text: int64 (T,).
    """

    first: NDArray[np.int64]
    of_edge: NDArray[np.float32]
    digits: NDArray[np.float32]
    is_piece: NDArray[np.bool_]
    is_cut: NDArray[np.bool_]
    text: NDArray[np.int64]


NAMES = tuple(dict.fromkeys(OF_PIECES + OF_MARKS))  # of of_edge's columns
PIECE_COLUMNS, MARK_COLUMNS = ([NAMES.index(name) for name in names] for names in (OF_PIECES, OF_MARKS))
FAN_IN = MAX_JOINED + 1  # edges that end at a node, at most: pieces, and a mark


def line_of(page: NDArray[np.uint8], text: str, classifier: Classifier) -> Line | None:
    """The lattice of the page's largest line; None if there is none."""
    try:
        lines = find_text_lines(find_ink(page))
    except ImageError:
        return None
    if not lines:
        return None
    line = max(lines, key=lambda one: int(one.mask.sum()))
    primitives = primitives_of(line, partial(are_clear, classifier=classifier))
    pieces = pieces_of(line, primitives)
    if not pieces:
        return None
    scores = classifier.scores(to_input([piece.pixels for piece in pieces]))
    features = features_of(primitives, pieces, scores, line.height)
    nodes = len(primitives.boxes) + 1
    first = np.full((nodes, FAN_IN), -1)
    of_edge = np.zeros((nodes, FAN_IN, len(NAMES)), np.float32)
    digits = np.zeros((nodes, FAN_IN, 10), np.float32)
    is_piece, is_cut = (np.zeros((nodes, FAN_IN), bool) for _ in range(2))
    filled = np.zeros(nodes, int)
    for index in range(nodes - 1):
        first[index + 1, 0] = index
        of_edge[index + 1, 0, MARK_COLUMNS] = features.of_marks[index]
        filled[index + 1] = 1
    for index, piece in enumerate(pieces):
        at = filled[piece.last]
        first[piece.last, at] = piece.first
        of_edge[piece.last, at, PIECE_COLUMNS] = features.of_pieces[index]
        digits[piece.last, at] = features.log_digits[index]
        is_piece[piece.last, at], is_cut[piece.last, at] = True, features.is_cut[index]
        filled[piece.last] += 1
    return Line(first, of_edge, digits, is_piece, is_cut, np.array([int(digit) for digit in text]))


class Lattices:
    """Many lines' lattices, padded to one size, so that a step of the forward algorithm is done for all at once."""

    def __init__(self, lines: list[Line]) -> None:
        count, nodes = len(lines), max(len(line.first) for line in lines)
        longest = max(len(line.text) for line in lines)
        self.ends = torch.tensor([len(line.first) - 1 for line in lines])
        self.lengths = torch.tensor([len(line.text) for line in lines])
        self.first = torch.full((count, nodes, FAN_IN), -1)
        self.of_edge = torch.zeros(count, nodes, FAN_IN, len(NAMES))
        self.digits = torch.zeros(count, nodes, FAN_IN, 10)
        self.is_piece, self.is_cut = (torch.zeros(count, nodes, FAN_IN, dtype=torch.bool) for _ in range(2))
        self.text = torch.zeros(count, longest, dtype=torch.int64)
        for i, line in enumerate(lines):
            size = len(line.first)
            self.first[i, :size] = torch.from_numpy(line.first)
            self.of_edge[i, :size] = torch.from_numpy(line.of_edge)
            self.digits[i, :size] = torch.from_numpy(line.digits)
            self.is_piece[i, :size] = torch.from_numpy(line.is_piece)
            self.is_cut[i, :size] = torch.from_numpy(line.is_cut)
            self.text[i, : len(line.text)] = torch.from_numpy(line.text)

    def log_likelihood(self, weights: Tensor) -> Tensor:
        """Log P(text) of each line, float (S,). weights: (1 + NAMES + 10,), as `as_tensor` orders them."""
        count, nodes, _ = self.first.shape
        longest = self.text.shape[1]
        base = self.of_edge @ weights[1:-10]
        of_digits = weights[0] * self.digits + self.is_cut[..., None] * weights[-10:]
        any_digit = torch.where(self.is_piece, of_digits.logsumexp(-1), 0.0)
        spelled = of_digits.gather(3, self.text[:, None, None, :].expand(-1, nodes, FAN_IN, -1))
        never = torch.tensor(-1e9)
        free = [torch.zeros(count)]
        clamped = [torch.cat([torch.zeros(count, 1), never.expand(count, longest)], 1)]
        for node in range(1, nodes):
            begin = self.first[:, node]
            exists = begin >= 0
            at = begin.clamp_min(0)
            before = torch.stack(free, 1).gather(1, at)
            free.append(torch.where(exists, before + base[:, node] + any_digit[:, node], never).logsumexp(1))
            known = torch.stack(clamped, 1)  # (S, nodes so far, T + 1)
            rows = known.gather(1, at[:, :, None].expand(-1, -1, longest + 1)) + base[:, node, :, None]
            moved = torch.cat([never.expand(count, FAN_IN, 1), rows[:, :, :-1] + spelled[:, node]], 2)
            rows = torch.where(self.is_piece[:, node, :, None], moved, rows)
            clamped.append(torch.where(exists[:, :, None], rows, never).logsumexp(1))
        every = torch.arange(count)
        given = torch.stack(clamped, 1)[every, self.ends, self.lengths]
        return given - torch.stack(free, 1)[every, self.ends]


def fit(lattices: Lattices, start: Weights) -> tuple[Weights, float, float]:
    """The weights of the greatest likelihood near `start`, and the mean log likelihood before and after."""
    begin = as_tensor(start)
    theta = begin.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([theta], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = -tempered(lattices.log_likelihood(theta)).mean()
        value = value + REGULARIZATION * ((theta - begin) ** 2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.no_grad():
        before = float(tempered(lattices.log_likelihood(theta)).mean())
    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        after = float(tempered(lattices.log_likelihood(theta)).mean())
    values = [round(value, 3) for value in theta.tolist()]
    named = dict(zip(NAMES, values[1:-10], strict=True))
    return Weights(digit=values[0], **named, cut_digits=tuple(values[-10:])), before, after


def as_tensor(weights: Weights) -> Tensor:
    """The weights in one order: that of the digits' log probabilities, those of NAMES, and ten for cut digits."""
    return torch.tensor([weights.digit, *(getattr(weights, name) for name in NAMES), *weights.cut_digits])


def tempered(log_likelihood: Tensor) -> Tensor:
    """log(P + HOPELESS): a line that can't be read, since its digits overlap too much, should not bend the weights."""
    return torch.logaddexp(log_likelihood, torch.tensor(math.log(HOPELESS)))


def lines_written_with(digits: Labelled, classifier: Classifier, count: int, seed: int) -> list[Line]:
    """Lattices of `count` lines that are written with these digits."""
    random = np.random.default_rng(seed)
    pages = (written_number(digits, random) for _ in range(count))
    lines = [line_of(page, text, classifier) for page, text in pages]
    return [line for line in lines if line is not None]


def readings(digits: Labelled, classifier: Classifier, count: int, seed: int) -> NDArray[np.float64]:
    """The readings of the likeliest texts of `count` lines: float64 (N, 3), by the lattice weights in use.

    The columns: the lattice's log odds, the weakest piece's, and 1 if the text is right. Lines with other ink, and
    those that are taken for several numbers, are left out.
    """
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        page, text = written_number(digits, random)
        try:
            analyses = analyse(find_ink(page), classifier)
        except ImageError:
            continue
        if len(analyses) != 1:
            continue
        analysis = analyses[0]
        found, best = analysis.texts[0]
        scores = [float(analysis.scores.score[edge.piece]) for edge in best.path if edge.piece is not None]
        if found and not has_other_ink(analysis, best):
            rows.append((log_odds(analysis.probability(best)), bounded(min(scores)), found == text))
    return np.array(rows, np.float64)


def calibrate(rows: NDArray[np.float64]) -> Calibration:
    """Fit the logistic regression that tells right from wrong readings (N, 3), by Newton's method."""
    features, right = np.insert(rows[:, :2], 0, 1, axis=1), rows[:, 2]
    weights = np.zeros(3)
    for _ in range(NEWTON_STEPS):
        likely = 1 / (1 + np.exp(-features @ weights))
        curvature = (features * (likely * (1 - likely))[:, None]).T @ features + RIDGE * np.eye(3)
        weights += np.linalg.solve(curvature, features.T @ (right - likely) - RIDGE * weights)
    return Calibration(*(round(float(weight), 3) for weight in weights))


def min_confidence(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """The least confidence above which WANTED of the readings are right."""
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= WANTED)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def main() -> None:
    """Print the fitted weights of the version in the folder that the command line names."""
    classifier = Classifier.load(Path(sys.argv[1]))
    splits = load_digits(load_data_settings().data_dir)
    digits = joined(splits.validation, foreign_digits(splits))
    lattices = Lattices(lines_written_with(digits, classifier, COUNT, SEED))
    weights, before, after = fit(lattices, Weights())
    print(f"mean log likelihood {before:.3f} → {after:.3f}")
    print(weights)
    rows = readings(digits, classifier, COUNT, SEED + 1)
    calibration = calibrate(rows)
    confidence = 1 / (1 + np.exp(-np.insert(rows[:, :2], 0, 1, axis=1) @ np.array(calibration)))
    threshold = min_confidence(confidence, rows[:, 2] > 0)
    print(f"with the weights in use, {rows[:, 2].mean():.1%} of {len(rows)} lines are right")
    print(calibration)
    print(f"at least {threshold:.3f}: {(confidence >= threshold).mean():.1%}, of these {WANTED:.1%} right")


if __name__ == "__main__":
    main()
